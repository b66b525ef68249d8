"""How maker and model are said, and what a machine without a browser is called."""

from __future__ import annotations

import pytest

from sessions_ui.client import parse_user_agent
from sessions_ui.client.marketing import CODES, SAMSUNG, marketing_name
from tests.models import Device


@pytest.mark.parametrize(
    ("maker", "model", "make"),
    [
        ("Samsung", "SM-S928B", "Samsung Galaxy S24 Ultra"),
        ("Samsung", "SM-Z999B", "Samsung SM-Z999B"),
        ("Google", "Google Pixel Watch 3", "Google Pixel Watch 3"),
        ("Motorola", "motorola edge 50", "motorola edge 50"),
        ("", "A065", "Nothing Phone (2)"),
        ("Xiaomi", "", "Xiaomi"),
        ("", "", ""),
    ],
)
def test_the_maker_is_named_once(maker: str, model: str, make: str) -> None:
    assert Device(maker=maker, model=model).make == make


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("SM-X710", "Galaxy Tab S9"),
        ("SM-S928B", "Galaxy S24 Ultra"),
        ("SM-S928U1", "Galaxy S24 Ultra"),
        ("SM-F966B/DS", "Galaxy Z Fold 7"),
        ("AFTKA", "Fire TV Stick 4K Max"),
        ("KFTRWI", "Fire HD 10 (2021)"),
        ("iPhone15,4", "iPhone 15"),
        # What sells under the same number in Korea and in China is another phone, and nobody guesses.
        ("SM-A156L", ""),
        ("SM-A3050", ""),
        ("SM-A999B", ""),
        ("Pixel 9", ""),
        ("", ""),
    ],
)
def test_a_code_of_the_list_has_the_name_of_the_shops(model: str, name: str) -> None:
    assert marketing_name(model) == Device(model=model).marketing_name == name
    assert Device(model=model).model_text == (f"{name} ({model})" if name else model)


def test_the_list_of_names_is_fit_to_be_shown() -> None:
    for code, name in (SAMSUNG | CODES).items():
        assert code == code.strip() and name == name.strip() and 3 <= len(name) <= 40


@pytest.mark.parametrize(
    ("header", "title"),
    [
        (
            "Mozilla/5.0 (PlayStation; PlayStation 5/12.00) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0",
            "PlayStation 5",
        ),
        ("AppleTV14,1/26.1", "Apple TV"),
        ("Roku/DVP-14.6 (14.6.0.1234)", "Roku"),
        ("Dalvik/2.1.0 (Linux; U; Android 9; AFTR Build/PS7646)", "Fire TV Cube (2nd generation)"),
        ("Dalvik/2.1.0 (Linux; U; Android 9; AFTZZ Build/PS7646)", "Fire OS"),
        ("Dalvik/2.1.0 (Linux; U; Android 14; SM-L310 Build/AW2B.240705.001)", "Galaxy Watch 7"),
        ("Mozilla/5.0 (X11; U; Linux armv7l like Android; en-us) AppleWebKit/531.2+ Kindle/3.0+", "Kindle"),
        # Machines with a browser, and phones, keep the name of the browser and the system.
        (
            "Mozilla/5.0 (Linux; Android 11; AFTKRT) Silk/138.1.2 like Chrome/138.0 Safari/537.36",
            "Silk on Fire OS",
        ),
        ("Dalvik/2.1.0 (Linux; U; Android 14; SM-S921B Build/UP1A.231005.007)", "Android"),
    ],
)
def test_a_machine_without_a_browser_is_called_by_its_name(header: str, title: str) -> None:
    client = parse_user_agent(header)
    device = Device(
        kind=client.kind,
        maker=client.maker,
        model=client.model,
        browser=client.browser,
        system=client.system,
    )
    assert device.title == title

"""How maker and model are said together."""

from __future__ import annotations

import pytest

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

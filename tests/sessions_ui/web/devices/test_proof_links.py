"""The proof of each sign-out is one click away."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.models import Device, Session

pytestmark = pytest.mark.django_db
PAGE = "/account/devices/"
ENDS = {"ended_at": timezone.now(), "end_reason": "signed_out_remotely"}


@pytest.fixture
def here(browser: Any, user: Any) -> Any:
    client = browser()
    client.sign_in(user)
    client.get(PAGE)  # the greeting
    return client


def links(html: str) -> dict[str, str]:
    """Address of each link by what it says, hidden words included."""
    found = re.findall(r'<a\b[^>]*?href="([^"]+)"[^>]*>(.*?)</a>', html, re.DOTALL)
    return {" ".join(unescape(re.sub(r"<[^>]+>", " ", text)).split()): unescape(url) for url, text in found}


def test_each_row_of_what_was_signed_out_links_to_its_proof(here: Any, user: Any, signed_in: Any) -> None:
    ended = signed_in(user, device={"name": "Phone"}, **ENDS)
    idle = signed_in(user, device={"name": "Attic"}, ended_at=timezone.now(), end_reason="idle_timeout")
    found = links(here.get(PAGE).content.decode())
    page = here.get(found["See the proof Phone"].split("#")[0]).content.decode()
    assert "The device is signed out" in page and f"sign_in={ended.public_id}" in page
    assert found["Details Attic"] == reverse("sessions_ui:device", args=[idle.device.public_id])
    assert "The device is signed out" not in here.get(found["Details Attic"]).content.decode()


def test_the_sentence_about_a_sign_out_links_to_its_proof(here: Any, user: Any, signed_in: Any) -> None:
    session = signed_in(user, device={"name": "<b>Phone</b>"})
    answer = here.post(reverse("sessions_ui:sign_out_device", args=[session.device.public_id]), follow=True)
    html = answer.content.decode()
    assert "<b>Phone</b>" not in html
    assert session.public_id in links(html)["See the proof"]


def test_htmx_gets_the_same_link(here: Any, user: Any, signed_in: Any) -> None:
    for _ in range(2):
        signed_in(user, device={"name": "Phone"})
    html = here.post(reverse("sessions_ui:sign_out_others"), headers={"HX-Request": "true"}).content.decode()
    status = html.split('id="devices-status"')[1]
    assert "2 sign-ins elsewhere were ended." in status and "#proof" in links(status)["See the proof"]


def test_a_device_that_is_signed_in_again_keeps_the_proof_of_what_ended(
    here: Any, user: Any, signed_in: Any
) -> None:
    ended = signed_in(user, device={"name": "Phone"}, **ENDS, refused_at=timezone.now())
    signed_in(user, device=ended.device)
    address = reverse("sessions_ui:device", args=[ended.device.public_id])
    assert "turned away" not in here.get(address).content.decode()
    html = here.get(address, {"sign_in": ended.public_id}).content.decode()
    assert "This sign-in has ended" in html and "It tried to come back" in html


def test_one_of_many_ends_is_proven_and_not_the_last(here: Any, user: Any, signed_in: Any) -> None:
    now = timezone.now()
    first = signed_in(
        user,
        device={"name": "Phone"},
        signed_in_at=now - timedelta(days=9),
        ended_at=now - timedelta(days=8),
        end_reason="help_desk",
    )
    for _ in range(12):
        signed_in(user, device=first.device, ended_at=now, end_reason="signed_out")
    address = reverse("sessions_ui:device", args=[first.device.public_id])
    proof = here.get(address, {"sign_in": first.public_id}).content.decode().split('id="proof"')[1]
    assert "by the help desk" in proof.split("</section>")[0]


@pytest.mark.parametrize("sign_in", ["x", "\0", "a" * 5000, "another's", "timeout"])
def test_what_is_no_end_of_this_device_proves_nothing(
    here: Any, user: Any, other_user: Any, signed_in: Any, sign_in: str
) -> None:
    living = signed_in(user, device={"name": "Phone"})
    theirs = signed_in(other_user, device={"name": "Theirs"}, **ENDS)
    late = signed_in(user, device=living.device, ended_at=timezone.now(), end_reason="idle_timeout")
    asked = {"another's": theirs.public_id, "timeout": late.public_id}.get(sign_in, sign_in)
    for name in ("device", "proof"):
        answer = here.get(reverse(f"sessions_ui:{name}", args=[living.device.public_id]), {"sign_in": asked})
        assert answer.status_code == 200
        assert "has ended" not in answer.content.decode()


def test_the_page_of_a_device_renames_and_signs_out_and_names_the_model(
    here: Any, user: Any, signed_in: Any
) -> None:
    session = signed_in(user, device={"maker": "Samsung", "model": "SM-X710"})
    device = Device.objects.get(pk=session.device_id)
    address = reverse("sessions_ui:device", args=[device.public_id])
    html = here.get(address).content.decode()
    assert "Galaxy Tab S9 (SM-X710)" in html
    rename, out = (
        reverse(f"sessions_ui:{name}", args=[device.public_id]) for name in ("rename", "sign_out_device")
    )
    assert f'href="{rename}?page=device"' in html and f'action="{out}"' in html
    form = here.get(rename, {"page": "device"}).content.decode()
    assert f'href="{address}" data-close' in form and 'name="page" value="device"' in form
    answer = here.post(rename, {"name": "Tablet", "page": "device"}, follow=True)
    assert answer.redirect_chain == [(address, 302)]
    assert "This device is now called" in answer.content.decode()
    refused = here.post(rename, {"name": "x" * 65, "page": "device"})
    assert refused.status_code == 422 and 'role="alert"' in refused.content.decode()
    answer = here.post(out, {"page": "device"}, follow=True)
    assert "The device is signed out" in answer.content.decode()
    assert f'action="{out}"' not in answer.content.decode()
    assert not Session.objects.living().filter(device=device).exists()


def test_a_device_that_is_signed_out_keeps_its_page_and_its_name(
    here: Any, user: Any, signed_in: Any
) -> None:
    ended = signed_in(user, device={"name": "Phone"}, **ENDS)
    address = reverse("sessions_ui:device", args=[ended.device.public_id])
    assert "Phone" in here.get(address).content.decode()
    here.post(reverse("sessions_ui:rename", args=[ended.device.public_id]), {"name": "Old phone"})
    assert "Old phone" in here.get(address).content.decode()

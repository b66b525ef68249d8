"""Access tokens on the devices page: apart from the devices, with the same rows and buttons."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from sessions_ui.actions.endings.end import end_session
from sessions_ui.actions.tokens.authenticate import authenticate_token
from sessions_ui.exceptions import BearerRefused
from sessions_ui.wording.sessions import day
from tests.keys import Keys, bridged, keys_of, make_keys
from tests.models import Act, EndReason, Session

pytestmark = pytest.mark.django_db
PAGE = "/account/devices/"


def text_of(client: Any, path: str = PAGE) -> str:
    html = client.get(path).content.decode()
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def used(token: Any, *, ago: timedelta, address: str = "89.160.20.112") -> None:
    Session.objects.filter(pk=token.pk).update(last_seen_at=timezone.now() - ago, address=address)


def is_valid(value: str) -> bool:
    try:
        authenticate_token(value)
    except BearerRefused:
        return False
    return True


def test_a_token_is_no_device_and_no_sign_in(here: Any, user: Any, make_token: Any) -> None:
    make_token(user)
    text = text_of(here)
    assert "1 device signed in" in text
    assert "No other device is signed in." in text
    assert "Sign out everywhere else" not in text
    assert text.index("Apps and keys") < text.index("Backup")


def test_a_row_says_what_it_may_when_it_was_made_used_and_ends(here: Any, user: Any, make_token: Any) -> None:
    made = make_token(user, scopes=["sessions:read", "sessions:end"])
    used(made.token, ago=timedelta(hours=3))
    text = text_of(here)
    for part in (
        "Sign out the account’s devices · See the account’s sessions and devices",
        "Last used 3 h ago",
        "89.160.20.112",
        f"Created {day(timezone.now())}",
        "Valid until",
    ):
        assert part in text, part


def test_a_row_names_the_device_on_which_it_was_made(here: Any, user: Any, make_token: Any) -> None:
    made = make_token(user)
    type(made.token).objects.filter(pk=made.token.pk).update(made_in=Session.objects.earliest("pk"))
    assert "on Firefox on Linux" in text_of(here)


def test_one_that_was_never_used_says_so(here: Any, user: Any, make_token: Any) -> None:
    make_token(user)
    assert "Never used" in text_of(here)


def test_one_that_ends_soon_warns(here: Any, user: Any, make_token: Any) -> None:
    make_token(user, expires_at=timezone.now() + timedelta(days=2, hours=12))
    html = here.get(PAGE).content.decode()
    assert "Ends in 3 days" in html
    assert '<li class="sui-warning">' in html


def test_the_words_of_a_scope_are_the_settings_and_an_unknown_one_keeps_its_name(
    here: Any, user: Any, make_token: Any, settings: Any
) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "SCOPES": {"files": "Read your files", "gone": "x"}}
    make_token(user, scopes=["files", "gone"])
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "SCOPES": {"files": "Read your files"}}
    assert "Read your files · gone" in text_of(here)


def test_what_nobody_uses_is_said_and_ends_together(here: Any, user: Any, make_token: Any) -> None:
    old, other, new = (make_token(user, name=name) for name in ("Old", "Older", "New"))
    used(old.token, ago=timedelta(days=91))
    used(other.token, ago=timedelta(days=120))
    used(new.token, ago=timedelta(days=89))
    text = text_of(here)
    assert "2 access tokens haven’t been used for a while." in text
    assert "Not used for 120 days" in text
    answer = here.post("/account/devices/tokens/end-unused/", follow=True).content.decode()
    assert "2 access tokens have ended." in answer
    assert [is_valid(each.value) for each in (old, other, new)] == [False, False, True]


def test_agents_are_a_group_of_their_own_and_end_together(here: Any, user: Any, make_token: Any) -> None:
    own, one, other = make_token(user), make_token(user, agent="Assistant"), make_token(user, agent="Helper")
    text = text_of(here)
    assert text.index("Backup") < text.index("Assistants and agents")
    assert "End all of these (2)" in text
    answer = here.post("/account/devices/tokens/end-agents/", follow=True).content.decode()
    assert "2 access tokens have ended." in answer
    assert [is_valid(each.value) for each in (own, one, other)] == [True, False, False]


def test_ending_one_is_told_in_the_history_with_its_actor(here: Any, user: Any, make_token: Any) -> None:
    made, other = make_token(user), make_token(user, name="Other")
    answer = here.post(f"/account/devices/tokens/{made.token.session.public_id}/end/", follow=True)
    assert "Backup has ended. Anything that uses it is refused from now on." in answer.content.decode()
    text = text_of(here)
    assert "Backup Access token Ended just now by you" in text
    assert [is_valid(each.value) for each in (made, other)] == [False, True]
    act = Act.objects.get(pk=Session.objects.get(pk=made.token.pk).act_id)
    assert (act.reason, act.actor_id, act.count) == ("signed_out_remotely", user.pk, 1)


def test_pressing_twice_says_that_it_had_ended(here: Any, user: Any, make_token: Any) -> None:
    url = f"/account/devices/tokens/{make_token(user).token.session.public_id}/end/"
    here.post(url)
    assert "Backup had already ended." in here.post(url, follow=True).content.decode()
    assert (
        "0 access tokens have ended."
        in here.post("/account/devices/tokens/end-agents/", follow=True).content.decode()
    )


@pytest.mark.parametrize("what", ["", "proof/", "renew/", "end/"])
def test_somebody_elses_token_does_not_exist(here: Any, other_user: Any, make_token: Any, what: str) -> None:
    made = make_token(other_user)
    url = f"/account/devices/tokens/{made.token.session.public_id}/{what}"
    answers = {here.get(url, follow=True).status_code, here.post(url).status_code}
    assert answers <= {404, 405} and 404 in answers
    assert is_valid(made.value)


@pytest.mark.parametrize("what", ["", "proof/", "renew/", "end/"])
@pytest.mark.parametrize("public_id", ["a" * 16, "x", "new-one"])
def test_an_id_that_nobody_has_is_not_found(here: Any, what: str, public_id: str) -> None:
    url = f"/account/devices/tokens/{public_id}/{what}"
    assert 404 in {here.get(url).status_code, here.post(url).status_code}


@pytest.mark.parametrize("name", ["sign_out_session", "sign_out_folded"])
def test_a_token_is_not_ended_as_a_sign_in(here: Any, user: Any, make_token: Any, name: str) -> None:
    made = make_token(user)
    end = {"sign_out_session": "sign-out", "sign_out_folded": "sign-out-all"}[name]
    assert here.post(f"/account/devices/sessions/{made.token.session.public_id}/{end}/").status_code == 404
    assert is_valid(made.value)


def test_a_browser_is_no_token(here: Any, user: Any) -> None:
    session = Session.objects.get(user=user)
    assert here.get(f"/account/devices/tokens/{session.public_id}/").status_code == 404


def test_the_page_of_a_token_has_its_history_and_the_proof(here: Any, user: Any, make_token: Any) -> None:
    made = make_token(user)
    url = f"/account/devices/tokens/{made.token.session.public_id}/"
    text = text_of(here, url)
    assert f"…{made.token.hint}…" in text and made.value not in text
    assert "What has happened Created just now" in text
    here.post(f"{url}end/", {"page": "device"})
    is_valid(made.value)
    text = text_of(here, url)
    assert (
        "This access token has ended" in text
        and "Somebody tried to use it" in text
        and "Ended by you" in text
    )
    assert "What you can do" not in text


def test_the_proof_of_one_that_is_valid_is_empty(here: Any, user: Any, make_token: Any) -> None:
    url = f"/account/devices/tokens/{make_token(user).token.session.public_id}/proof/"
    assert "This access token has ended" not in here.get(url).content.decode()


def test_what_expired_says_so_without_a_proof(here: Any, user: Any, make_token: Any) -> None:
    made = make_token(user)
    end_session(session=made.token.session, reason=EndReason.EXPIRED)
    text = text_of(here, f"/account/devices/tokens/{made.token.session.public_id}/")
    assert "because it expired" in text and "An email to you" not in text


def test_a_list_of_many_is_cut_and_opens(here: Any, user: Any, make_token: Any) -> None:
    for number in range(23):
        make_token(user, name=f"Token {number}")
    html = here.get(PAGE).content.decode()
    assert html.count('id="token-') == 23
    assert "3 more" in " ".join(html.split())


@pytest.mark.parametrize(
    ("ticked", "stays"), [({}, True), ({"tokens": "on"}, False)], ids=["not ticked", "ticked"]
)
@pytest.mark.parametrize("what", ["sign-out-others", "sign-out-everywhere"])
def test_everywhere_leaves_tokens_unless_it_is_ticked(
    here: Any, user: Any, browser: Any, make_token: Any, what: str, ticked: dict[str, str], stays: bool
) -> None:
    made = make_token(user)
    browser().sign_in(user)
    text = text_of(here)
    assert "1 access token stays valid." in text and "Also end my access token" in text
    answer = here.post(f"/account/devices/{what}/", ticked, follow=True)
    assert is_valid(made.value) is stays
    if what == "sign-out-others":
        expected = (
            "1 sign-in elsewhere was ended." if stays else "Ended elsewhere: 1 sign-in and 1 access token."
        )
        assert expected in answer.content.decode()


@pytest.mark.parametrize(
    ("ticked", "stay"), [({}, True), ({"tokens": "on"}, False)], ids=["not ticked", "ticked"]
)
@pytest.mark.parametrize("what", ["sign-out-others", "sign-out-everywhere"])
def test_the_tick_and_its_count_are_about_what_other_packages_keep_as_well(
    here: Any,
    user: Any,
    other_user: Any,
    browser: Any,
    make_token: Any,
    settings: Any,
    what: str,
    ticked: dict[str, str],
    stay: bool,
) -> None:
    bridged(settings, Keys)
    make_keys(user, 2)
    make_keys(other_user)
    made = make_token(user)
    browser().sign_in(user)
    text = text_of(here)
    assert "3 access tokens stay valid." in text and "Also end my 3 access tokens" in text
    answer = here.post(f"/account/devices/{what}/", ticked, follow=True)
    assert (is_valid(made.value), keys_of(user), keys_of(other_user)) == (stay, 2 if stay else 0, 1)
    if what == "sign-out-others" and not stay:
        assert "Ended elsewhere: 1 sign-in and 3 access tokens." in answer.content.decode()


def test_where_only_they_are_left_the_answer_says_what_ended(here: Any, user: Any, settings: Any) -> None:
    bridged(settings, Keys)
    make_keys(user)
    answer = here.post("/account/devices/sign-out-others/", {"tokens": "on"}, follow=True)
    assert "Ended elsewhere: 1 access token." in answer.content.decode()
    assert keys_of(user) == 0


def test_without_tokens_nobody_reads_of_them_there(here: Any) -> None:
    text = text_of(here)
    assert "stays valid" not in text and "Also end" not in text


def test_what_is_not_mine_says_beforehand_what_ends(
    here: Any, user: Any, browser: Any, make_token: Any
) -> None:
    made = [make_token(user), make_token(user, name="Other")]
    browser().sign_in(user)
    device = Session.objects.latest("pk").device
    assert device is not None
    assert "2 access tokens end, too." in text_of(here, f"/account/devices/{device.public_id}/what/not_mine/")
    answer = here.post(f"/account/devices/{device.public_id}/not-mine/", follow=True).content.decode()
    assert "2 access tokens have ended, too." in answer
    assert "2 access tokens ended at that moment" in " ".join(answer.split())
    assert [is_valid(each.value) for each in made] == [False, False]


def test_a_lost_device_leaves_tokens_and_says_so(here: Any, user: Any, browser: Any, make_token: Any) -> None:
    made = make_token(user)
    browser().sign_in(user)
    device = Session.objects.latest("pk").device
    assert device is not None
    assert "1 access token stays valid." in text_of(here, f"/account/devices/{device.public_id}/what/lost/")
    here.post(f"/account/devices/{device.public_id}/lost/")
    assert is_valid(made.value)

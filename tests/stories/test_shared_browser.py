"""One browser that two people use, and what one of them can do with its device cookie and the other one's password.

Ada and Grace share a browser. Grace notes the cookie, learns Ada's password, and signs in as Ada elsewhere, in a
browser that looks the same. That must not be an ordinary sign-in on a device that Ada knows, nor sign Ada out.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth import get_user_model

from sessions_ui.models.device_cookie import MOST
from tests.conftest import PASSWORD
from tests.models import Delivery, Device, EndReason, Event, Session

pytestmark = pytest.mark.django_db

COOKIE = "__Host-device"
DEVICES = "/account/devices/"


@pytest.fixture
def shared(browser: Any) -> Any:
    return browser()


@pytest.fixture
def thief(browser: Any) -> Callable[[str, Any], Session]:
    """Grace elsewhere, with a cookie that she has noted: `thief(cookie, ada)` signs in as Ada, and returns that."""

    def sign_in(cookie: str, user: Any) -> Session:
        elsewhere = browser()
        elsewhere.cookies[COOKIE] = cookie
        elsewhere.sign_in(user)
        return Session.objects.select_related("device").filter(user=user).latest("pk")

    return sign_in


def cookie_of(client: Any) -> str:
    return str(client.cookies[COOKIE].value)


def sign_in(client: Any, user: Any) -> Session:
    """Whoever was signed in there before is not any more."""
    client.cookies.pop("sessionid", None)
    client.sign_in(user)
    return Session.objects.select_related("device").filter(user=user).latest("pk")


def use(client: Any, by: timedelta = timedelta(minutes=2)) -> None:
    """Open a page a while later."""
    for row in Session.objects.living():
        times = {"signed_in_at": row.signed_in_at - by, "last_seen_at": row.last_seen_at - by}
        Session.objects.filter(pk=row.pk).update(**times)
    assert client.get(DEVICES).status_code == 200


def is_living(session: Session) -> bool:
    return Session.objects.get(pk=session.pk).is_living


def assert_is_no_known_device(stolen: Session, *, of: Session, reason: str) -> None:
    """Flagged and mailed, on a device of its own, and Ada goes on."""
    assert reason in (stolen.verdict_reasons or ())
    assert stolen.device_id != of.device_id
    assert is_living(of)
    told = Event.objects.filter(kind=Event.Kind.FLAGGED, session=stolen)
    assert Delivery.objects.filter(event__in=told, user=stolen.user, channel="mail").exists()


def test_the_cookie_that_was_noted_before_the_other_account_signed_in_there_is_worth_nothing_to_it(
    user: Any, other_user: Any, shared: Any, thief: Any
) -> None:
    sign_in(shared, other_user)
    noted = cookie_of(shared)
    of_ada = sign_in(shared, user)
    use(shared)
    assert_is_no_known_device(thief(noted, user), of=of_ada, reason="new_device")


def test_a_value_that_was_noted_is_a_copy_once_its_owner_has_signed_in_again_and_used_the_site(
    user: Any, other_user: Any, shared: Any, thief: Any
) -> None:
    """The attack as it was found: at dec6284 it was an ordinary sign-in on a known device, and Ada was signed out."""
    sign_in(shared, user)
    use(shared)
    sign_in(shared, other_user)
    noted = cookie_of(shared)
    of_ada = sign_in(shared, user)
    use(shared)
    stolen = thief(noted, user)
    assert_is_no_known_device(stolen, of=of_ada, reason="copied_cookie")
    assert stolen.verdict == "suspicious"
    assert Device.objects.get(pk=of_ada.device_id).copied_at is not None


def test_a_copied_cookie_still_is_one_at_the_second_sign_in_with_it(
    user: Any, shared: Any, thief: Any
) -> None:
    sign_in(shared, user)
    noted = cookie_of(shared)
    of_ada = sign_in(shared, user)
    use(shared)
    thief(noted, user)
    assert thief(noted, user).verdict_reasons == ["copied_cookie"]
    assert is_living(of_ada)


def test_a_value_of_long_ago_is_a_copy_as_well(user: Any, shared: Any, thief: Any) -> None:
    sign_in(shared, user)
    noted = cookie_of(shared)
    for _ in range(3):
        of_ada = sign_in(shared, user)
    assert_is_no_known_device(thief(noted, user), of=of_ada, reason="copied_cookie")


def test_who_copies_the_current_value_and_is_first_is_taken_for_the_device_and_the_owner_is_told(
    user: Any, other_user: Any, shared: Any, thief: Any, browser: Any
) -> None:
    """What the cookie cannot tell; docs/risk.md says so. Of two that hold the same, the first to use it wins."""
    of_ada = sign_in(shared, user)
    use(shared)
    sign_in(shared, other_user)
    thief_browser = browser()
    thief_browser.cookies[COOKIE] = cookie_of(shared)
    stolen = sign_in(thief_browser, user)
    assert (stolen.verdict, stolen.device_id) == ("", of_ada.device_id)
    assert Session.objects.get(pk=of_ada.pk).end_reason == EndReason.SUPERSEDED
    use(thief_browser)
    again = sign_in(shared, user)
    assert_is_no_known_device(again, of=stolen, reason="copied_cookie")
    assert Session.objects.get(pk=stolen.pk).needs_a_look, "nobody knows which is Ada's"
    assert sign_in(thief_browser, user).verdict_reasons == ["copied_cookie"]


def test_one_of_the_two_is_found_out_even_if_nobody_uses_the_site_between_their_sign_ins(
    user: Any, shared: Any, browser: Any
) -> None:
    sign_in(shared, user)
    copy = browser()
    copy.cookies[COOKIE] = cookie_of(shared)
    found = [sign_in(client, user).verdict for client in (copy, shared, copy, shared)]
    assert found == ["", "", "", "suspicious"]


def test_a_current_value_in_another_browser_or_system_is_a_copy(user: Any, shared: Any, browser: Any) -> None:
    of_ada = sign_in(shared, user)
    elsewhere = browser(user_agent="Mozilla/5.0 (Windows NT 10.0; Win64; x64) Gecko/20100101 Firefox/145.0")
    elsewhere.cookies[COOKIE] = cookie_of(shared)
    assert_is_no_known_device(sign_in(elsewhere, user), of=of_ada, reason="copied_cookie")


@pytest.mark.parametrize("way", ["challenge", "end"])
def test_a_copy_signs_nobody_in_where_the_site_is_strict(
    way: str, user: Any, shared: Any, browser: Any, settings: Any
) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "SUSPICIOUS_SIGN_INS": way}
    sign_in(shared, user)
    noted = cookie_of(shared)
    of_ada = sign_in(shared, user)
    use(shared)
    elsewhere = browser()
    elsewhere.cookies[COOKIE] = noted
    elsewhere.post("/account/login/", {"login": user.email, "password": PASSWORD})
    assert elsewhere.get(DEVICES).status_code == 302
    assert is_living(of_ada)


# --- Whoever is honest


def test_people_who_share_a_browser_are_on_their_own_known_devices_all_the_time(
    user: Any, other_user: Any, shared: Any
) -> None:
    for _ in range(3):
        for person in (user, other_user):
            sign_in(shared, person)
            use(shared)
    assert Device.objects.count() == 2
    assert not Session.objects.exclude(verdict="").exists()


def test_a_ninth_account_takes_the_place_of_the_one_that_has_not_signed_in_for_longest(shared: Any) -> None:
    people = [make_person(number) for number in range(MOST + 1)]
    for person in people[:MOST]:
        sign_in(shared, person)
    sign_in(shared, people[0])
    sign_in(shared, people[-1])
    assert len(cookie_of(shared)) <= 512
    known = {person.email: sign_in(shared, person).verdict for person in (people[0], *people[2:])}
    assert set(known.values()) == {""}
    assert sign_in(shared, people[1]).verdict_reasons == ["new_device"]


def make_person(number: int) -> Any:
    person = get_user_model().objects.create_user(f"person{number}@people.example", PASSWORD)
    EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    return person


def test_an_answer_that_was_lost_makes_no_copy(user: Any, shared: Any) -> None:
    sign_in(shared, user)
    kept = cookie_of(shared)
    for _ in range(3):
        sign_in(shared, user)
        shared.cookies[COOKIE] = kept
    assert Device.objects.count() == 1 and Session.objects.living().get().verdict == ""


@pytest.mark.parametrize("last", [0, 1])
def test_two_tabs_that_sign_in_at_once_are_one_browser_whichever_answer_comes_last(
    last: int, user: Any, shared: Any
) -> None:
    """Both send the cookie that was there before."""
    sign_in(shared, user)
    use(shared)
    before = cookie_of(shared)
    answers = []
    for _ in range(2):
        shared.cookies[COOKIE] = before
        sign_in(shared, user)
        answers.append(cookie_of(shared))
    shared.cookies[COOKIE] = answers[last]
    for _ in range(2):
        sign_in(shared, user)
        use(shared)
    assert Device.objects.count() == 1
    assert not Session.objects.exclude(verdict="").exists()


def test_two_people_who_sign_in_at_once_in_one_browser_stay_known(
    user: Any, other_user: Any, shared: Any
) -> None:
    """The answer that comes last has the other one's former value in it."""
    for person in (user, other_user):
        sign_in(shared, person)
        use(shared)
    before = cookie_of(shared)
    sign_in(shared, user)
    shared.cookies[COOKIE] = before
    sign_in(shared, other_user)
    use(shared)
    assert sign_in(shared, user).verdict == "" and Device.objects.count() == 2


def test_a_database_that_was_restored_knows_the_browser_again(user: Any, shared: Any) -> None:
    sign_in(shared, user)
    backup = Device.objects.values("cookie_issued", "cookie_seen").get()
    for _ in range(3):
        sign_in(shared, user)
        use(shared)
    Device.objects.update(**backup)
    for _ in range(2):
        assert sign_in(shared, user).verdict == ""
        use(shared)
    assert Device.objects.count() == 1


def test_a_browser_that_was_restored_from_a_backup_is_a_copy_until_it_is_confirmed(
    user: Any, shared: Any
) -> None:
    """It is one: nothing tells it from what a thief has."""
    sign_in(shared, user)
    backup = cookie_of(shared)
    sign_in(shared, user)
    use(shared)
    shared.cookies[COOKIE] = backup
    restored = sign_in(shared, user)
    assert restored.verdict_reasons == ["copied_cookie"]
    Session.objects.filter(pk=restored.pk).update(reviewed_at=restored.signed_in_at)
    assert sign_in(shared, user).verdict == ""


def test_a_private_window_is_a_new_device_and_takes_nothing_from_the_other(
    user: Any, shared: Any, browser: Any
) -> None:
    sign_in(shared, user)
    use(shared)
    assert sign_in(browser(), user).verdict_reasons == ["new_device"]
    assert sign_in(shared, user).verdict == ""


def test_a_cookie_of_an_earlier_release_makes_a_new_device(user: Any, shared: Any) -> None:
    """It was the same for all accounts and never changed: to read it would keep the hole open as long as it lives."""
    sign_in(shared, user)
    shared.cookies[COOKIE] = "x" * 43
    assert sign_in(shared, user).verdict_reasons == ["new_device"]

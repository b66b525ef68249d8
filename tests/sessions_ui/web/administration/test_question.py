"""The question who is there: what counts as an answer, and that nothing that was typed is lost or shown."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.files.uploadedfile import SimpleUploadedFile

from config.demo.factor import current_code
from tests.aging import age_sign_ins
from tests.conftest import PASSWORD
from tests.models import Event
from tests.sessions_ui.web.administration.conftest import PASSWORD_FIELD, SECRET, asks, kept_in

pytestmark = pytest.mark.django_db
ADD = "/admin/auth/group/add/"
OWN_PASSWORD = "/admin/password_change/"
NEW = "seven brown cows on a hill"


def events(user: Any) -> list[str]:
    kinds = (Event.Kind.REAUTHENTICATED, Event.Kind.REAUTHENTICATION_FAILED)
    return list(Event.objects.filter(user=user, kind__in=kinds).order_by("pk").values_list("kind", flat=True))


def test_the_password_confirms_it_and_the_act_goes_on_with_everything_typed(
    signed_in_before: Any, administrator: Any
) -> None:
    stale = signed_in_before()
    permissions = [str(pk) for pk in Permission.objects.values_list("pk", flat=True)[:3]]
    form = {"name": 'Editors "of" <b>\r\nmore', "permissions": permissions, "_continue": "1"}
    asked = stale.post(f"{ADD}?_changelist_filters=q", form)
    assert asks(asked) and not Group.objects.filter(name__startswith="Editors").exists()
    key = stale.cookies["sessionid"].value
    answer = stale.post(f"{ADD}?_changelist_filters=q", {**kept_in(asked), PASSWORD_FIELD: PASSWORD})
    group = Group.objects.get(name__startswith="Editors")
    assert answer.status_code == 302 and f"/{group.pk}/change/" in answer.url
    assert group.name == form["name"]
    assert sorted(str(pk) for pk in group.permissions.values_list("pk", flat=True)) == sorted(permissions)
    assert events(administrator) == [Event.Kind.REAUTHENTICATED]
    assert stale.cookies["sessionid"].value != key, "somebody who copied the key does not profit"
    assert stale.post(ADD, {"name": "Second"}).status_code == 302, "it counts for a while"


def test_what_the_page_that_asks_knows(signed_in_before: Any, settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "HELP_URL": "https://help.example/"}
    stale = signed_in_before()
    posted = stale.post(ADD, {"name": "Editors"})
    opened = stale.get(OWN_PASSWORD)
    names = ("title", "error", "factor", "opens", "is_lost", "carried", "help_url", "site_header")
    assert [{name: of_question(response)[name] for name in names} for response in (posted, opened)] == [
        {**KNOWN, "opens": False, "carried": [("name", "Editors")]},
        {**KNOWN, "opens": True, "carried": []},
    ]
    wrong = stale.post(ADD, {**kept_in(posted), PASSWORD_FIELD: "wrong"})
    form = of_question(wrong)["form"]
    assert form.prefix == "sessions_ui" and form.errors
    assert "no-store" in posted.headers["Cache-Control"]


def of_question(response: Any) -> Any:
    """Its context: where a form was opened, the response has that of the form before it."""
    return next(context for context in response.context if "answered" in context)


KNOWN = {
    "title": "Confirm it’s you",
    "error": "",
    "factor": False,
    "is_lost": False,
    "help_url": "https://help.example/",
    "site_header": "Django administration",  # with what else the admin shows at the top
}


def test_a_wrong_password_does_nothing_and_keeps_what_was_typed(
    signed_in_before: Any, administrator: Any
) -> None:
    stale = signed_in_before()
    kept = kept_in(stale.post(ADD, {"name": "Editors"}))
    wrong = stale.post(ADD, {**kept, PASSWORD_FIELD: "wrong"})
    assert wrong.status_code == 422 and kept_in(wrong) == kept
    assert "That is not your password." in wrong.content.decode()
    assert "wrong" not in "".join(value for values in kept_in(wrong).values() for value in values)
    assert not Group.objects.filter(name="Editors").exists()
    assert events(administrator) == [Event.Kind.REAUTHENTICATION_FAILED]


def test_guessing_is_slowed_down(signed_in_before: Any, settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "REAUTHENTICATION_TRIES": 2}
    stale = signed_in_before()
    form = {**kept_in(stale.post(ADD, {"name": "Editors"})), PASSWORD_FIELD: "wrong"}
    assert [stale.post(ADD, form).status_code for _ in range(3)] == [422, 422, 429]
    late = stale.post(ADD, {**form, PASSWORD_FIELD: PASSWORD})
    assert late.status_code == 429 and kept_in(late)["name"] == ["Editors"]


def test_a_field_of_the_act_that_is_called_password_is_no_answer(signed_in_before: Any) -> None:
    stale = signed_in_before()
    kept = kept_in(stale.post(ADD, {"name": "Editors"}))
    assert asks(stale.post(ADD, {**kept, "password": PASSWORD}))
    assert asks(stale.post(ADD, {"name": "Editors", "password": PASSWORD, PASSWORD_FIELD: PASSWORD}))


# --- A second factor


def test_where_there_is_a_factor_the_password_is_no_answer(
    signed_in_before: Any, administrator: Any, factor: Any
) -> None:
    stale = signed_in_before()
    asked = stale.post(ADD, {"name": "Editors"})
    assert asks(asked) and 'type="password"' not in asked.content.decode()
    again = stale.post(ADD, {**kept_in(asked), PASSWORD_FIELD: PASSWORD})
    assert asks(again) and "You haven’t used your second factor yet" in again.content.decode()
    stale.post("/account/reauthenticate/", {"password": PASSWORD})
    assert asks(stale.post(ADD, kept_in(asked))), "nor is it elsewhere"
    assert not Group.objects.filter(name="Editors").exists()


def test_the_factor_is_shown_in_another_tab_and_the_act_goes_on(
    signed_in_before: Any, administrator: Any, factor: Any
) -> None:
    stale = signed_in_before()
    asked = stale.post(ADD, {"name": "Editors"})
    page = asked.content.decode()
    assert 'href="/account/second-factor/?next=/admin/" target="_blank" rel="noopener"' in page
    shown = stale.post("/account/2fa/reauthenticate/?next=/admin/", {"code": current_code(SECRET)})
    assert shown.status_code == 302 and shown.url == "/admin/"
    assert stale.post(ADD, kept_in(asked)).status_code == 302
    assert Group.objects.filter(name="Editors").exists()
    assert events(administrator) == [Event.Kind.REAUTHENTICATED]


def test_a_factor_of_today_does_not_count_yet_and_locks_nobody_out(
    signed_in_before: Any, administrator: Any, factor: Any
) -> None:
    type(factor).objects.update(created_at=factor.created_at + timedelta(days=30))
    stale = signed_in_before()
    asked = stale.post(ADD, {"name": "Editors"})
    assert stale.post(ADD, {**kept_in(asked), PASSWORD_FIELD: PASSWORD}).status_code == 302


def test_the_site_can_ask_everybody_for_a_factor(signed_in_before: Any, settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "ADMIN_FACTOR_REQUIRED": True}
    here = signed_in_before(timedelta(0))
    asked = here.post(ADD, {"name": "Editors"})
    assert asks(asked) and "/account/second-factor/" in asked.content.decode()
    assert here.get("/admin/auth/group/").status_code == 200


def test_without_a_page_for_it_people_sign_out_and_in_again(signed_in_before: Any, settings: Any) -> None:
    given = {**settings.SESSIONS_UI, "ADMIN_FACTOR_REQUIRED": True, "HELP_DESK_FACTOR_URL": ""}
    settings.SESSIONS_UI = given
    page = signed_in_before().post(ADD, {"name": "Editors"}).content.decode()
    assert "Sign out, then sign in again with your second factor." in page


def test_people_with_nothing_to_confirm_it_with_are_told_what_to_do(
    signed_in_before: Any, administrator: Any
) -> None:
    administrator.set_unusable_password()
    type(administrator).objects.filter(pk=administrator.pk).update(password=administrator.password)
    stale = signed_in_before()
    page = stale.post(ADD, {"name": "Editors"})
    assert asks(page) or page.status_code == 403
    assert "You don’t have a way to confirm it’s you yet." in page.content.decode()


# --- Passwords and files


def test_a_form_for_a_password_asks_before_it_is_filled_in(signed_in_before: Any) -> None:
    stale = signed_in_before()
    asked = stale.get(f"{OWN_PASSWORD}?x=1")
    assert asks(asked) and "new_password1" not in asked.content.decode()
    assert asked.headers["X-Frame-Options"] == "DENY"
    answer = stale.post(f"{OWN_PASSWORD}?x=1", {**kept_in(asked), PASSWORD_FIELD: PASSWORD})
    assert (answer.status_code, answer.url) == (302, f"{OWN_PASSWORD}?x=1")
    assert "new_password1" in stale.get(answer.url).content.decode()


def test_whoever_opened_it_in_time_has_a_quarter_of_the_time_left_to_save_it(
    signed_in_before: Any, administrator: Any, user: Any
) -> None:
    here = signed_in_before(timedelta(minutes=44))
    path = f"/admin/accounts/user/{user.pk}/password/"
    assert 'name="password1"' in here.get(path).content.decode()
    age_sign_ins(administrator, timedelta(minutes=15))
    assert asks(here.get(path)), "nobody begins this late"
    new = {"usable_password": "true", "password1": NEW, "password2": NEW}
    assert here.post(path, new).status_code == 302
    user.refresh_from_db()
    assert user.check_password(NEW)


def test_a_password_that_was_sent_too_late_is_in_no_page_and_the_form_opens_again(
    signed_in_before: Any, user: Any
) -> None:
    stale = signed_in_before()
    path = f"/admin/accounts/user/{user.pk}/password/"
    asked = stale.post(path, {"usable_password": "true", "password1": NEW, "password2": NEW})
    page = asked.content.decode()
    assert asks(asked) and NEW not in page and "Fill in the form again" in page
    assert set(kept_in(asked)) == {"sessions_ui-answered", "sessions_ui-opens"}
    answer = stale.post(path, {**kept_in(asked), PASSWORD_FIELD: PASSWORD})
    assert (answer.status_code, answer.url) == (302, path)
    user.refresh_from_db()
    assert user.check_password(PASSWORD), "nothing was changed"


def test_a_file_that_was_sent_too_late_is_asked_for_again(signed_in_before: Any) -> None:
    asked = signed_in_before().post(ADD, {"name": "Editors", "logo": SimpleUploadedFile("a.png", b"x")})
    assert asks(asked) and "Fill in the form again" in asked.content.decode()


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("password1", True),
        ("old_password", True),
        ("api_key", True),
        ("client_secret", True),
        ("form-0-token", True),
        ("pin", True),
        ("new_pin", True),
        ("author", False),
        ("keywords", False),
        ("shipping", False),
        ("opinion", False),
    ],
)
def test_what_waits_in_the_page_is_told_by_its_name(signed_in_before: Any, name: str, secret: bool) -> None:
    page = signed_in_before().post(ADD, {name: "a value of some kind"}).content.decode()
    assert ("a value of some kind" not in page) is secret

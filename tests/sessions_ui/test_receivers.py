"""What ends sessions from outside: password, deactivation and deletion, from wherever it happens."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import SESSION_KEY, get_user_model, login
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.signed_cookies import SessionStore as SignedCookieStore
from django.core import mail, serializers
from django.db import connection, transaction
from django.http import HttpRequest
from django.test import Client
from django.test.utils import CaptureQueriesContext

from sessions_ui.actions.endings.reconcile.sweep import end_unlawful
from sessions_ui.actions.endings.require_password import require_new_password
from sessions_ui.exceptions import SignInRefused
from sessions_ui.store import SessionStore
from tests.aging import long_ago
from tests.conftest import PASSWORD
from tests.models import Delivery, EndReason, Event, Session
from tests.statements import gist

pytestmark = pytest.mark.django_db

NEW_PASSWORD = "a horse of another colour"


def reasons() -> list[str]:
    return list(Session.objects.order_by("pk").values_list("end_reason", flat=True))


def deactivate_by_save(user: Any, administrator: Any) -> None:
    user.is_active = False
    user.save()


def deactivate_by_save_of_one_field(user: Any, administrator: Any) -> None:
    user.is_active = False
    user.save(update_fields=["is_active"])


def deactivate_in_admin(user: Any, administrator: Any) -> None:
    client = Client()
    client.force_login(administrator)
    url = f"/admin/accounts/user/{user.pk}/change/"
    data = dict(client.get(url).context["adminform"].form.initial)
    data = {name: value for name, value in data.items() if value not in (None, [])}
    assert data.pop("is_active")
    response = client.post(url, data)
    assert response.status_code == 302, response.content.decode()


@pytest.mark.control("ASVS 7.4.2")
@pytest.mark.parametrize(
    "deactivate", [deactivate_by_save, deactivate_by_save_of_one_field, deactivate_in_admin]
)
def test_deactivation_ends_every_session(
    deactivate: Callable[[Any, Any], None], user: Any, administrator: Any, browser: Any
) -> None:
    phone = browser()
    phone.sign_in(user)
    deactivate(user, administrator)
    assert Session.objects.of(user).get().end_reason == EndReason.ACCOUNT_DISABLED
    assert phone.get("/account/devices/").status_code == 302


def not_fetched(user: Any, **changes: Any) -> Any:
    """An instance with the key and the values of a row, as from a form, a message or another database."""
    fields = {field.attname: getattr(user, field.attname) for field in user._meta.concrete_fields}
    return get_user_model()(**{**fields, **changes})


def save(user: Any) -> None:
    user.save()


def save_forced(user: Any) -> None:
    user.save(force_update=True)


def load_data(user: Any) -> None:
    for row in serializers.deserialize("json", serializers.serialize("json", [user])):
        row.save()


@pytest.mark.parametrize("write", [save, save_forced, load_data])
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"is_active": False}, "account_disabled"),
        ({"password": "!"}, "password_changed"),
        ({"is_staff": False}, "access_changed"),
        ({"email": "ada@new.example"}, "email_changed"),
    ],
)
def test_an_account_is_written_over_by_an_instance_that_was_not_fetched(
    write: Callable[[Any], None],
    change: dict[str, Any],
    reason: str,
    user: Any,
    other_user: Any,
    browser: Any,
    settings: Any,
) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "EMAIL_CHANGE_ENDS": "all"}
    get_user_model().objects.filter(pk=user.pk).update(is_staff=True)
    user.refresh_from_db()
    stranger = browser()
    stranger.sign_in(other_user)
    browser().force_login(user)
    write(not_fetched(user))
    assert reasons() == ["", ""]
    write(not_fetched(user, **change))
    write(not_fetched(user))
    assert Session.objects.of(user).get().end_reason == reason
    assert stranger.get("/account/devices/").status_code == 200


def test_a_new_account_without_a_key_is_not_looked_for(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        get_user_model()(email="new@people.example").save()


@pytest.fixture
def first_in_the_table(administrator: Any, browser: Any) -> Any:
    """The oldest account of the site, signed in, with all the rights there are."""
    here = browser()
    here.force_login(administrator)
    return here


@pytest.mark.parametrize("whole", [True, False])
def test_saving_an_account_that_changes_nothing_ends_nobodys_sessions(
    whole: bool, first_in_the_table: Any, user: Any, browser: Any
) -> None:
    here = browser()
    here.force_login(user)
    get_user_model().objects.get(pk=user.pk).save(
        update_fields=None if whole else ["is_active", "is_staff", "email", "password"]
    )
    assert reasons() == ["", ""]
    assert not Event.objects.filter(kind__in=[Event.Kind.ENDED, Event.Kind.EMAIL_CHANGED]).exists()
    assert here.get("/account/devices/").status_code == 200


@pytest.mark.parametrize(
    ("before", "change", "reason"),
    [
        ({}, {"is_active": False}, "account_disabled"),
        ({}, {"password": "!"}, "password_changed"),
        ({"is_staff": True}, {"is_staff": False}, "access_changed"),
        ({}, {"email": "ada@new.example"}, "email_changed"),
    ],
)
@pytest.mark.no_bystander("everybody else has the new value already")
def test_a_change_of_one_account_ends_its_sessions_and_nobody_elses(
    before: dict[str, Any],
    change: dict[str, Any],
    reason: str,
    first_in_the_table: Any,
    administrator: Any,
    user: Any,
    browser: Any,
    settings: Any,
) -> None:
    """Where the oldest account has the new value already."""
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "EMAIL_CHANGE_ENDS": "all"}
    browser().force_login(user)
    users = get_user_model().objects.all()
    users.filter(pk=user.pk).update(**before)
    if "email" not in change:
        users.filter(pk=administrator.pk).update(**change)
    changed = users.get(pk=user.pk)
    for name, value in change.items():
        setattr(changed, name, value)
    changed.save()
    assert reasons() == ["", reason]


def documented_trigger() -> str:
    text = (settings.BASE_DIR / "docs" / "production.md").read_text()
    return text.split("## An account off and on again")[1].split("```plpgsql")[1].split("```")[0]


@pytest.mark.parametrize("by", ["request", "sweep"])
def test_off_and_on_again_without_a_signal_is_closed_by_the_trigger(by: str, user: Any, browser: Any) -> None:
    """On other databases than PostgreSQL only what the trigger would have written is tested."""
    phone = browser()
    phone.sign_in(user)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(documented_trigger())
    else:
        Session.objects.update(auth_hash="!")
    users = get_user_model().objects.filter(pk=user.pk)
    users.update(is_active=False)
    users.update(is_active=True)
    if by == "sweep":
        assert end_unlawful() == 1
    assert phone.get("/account/devices/").status_code == 302
    assert reasons() == [EndReason.ACCOUNT_DISABLED]


def test_reactivating_revives_nothing(user: Any, browser: Any) -> None:
    """Trap H."""
    phone = browser()
    phone.sign_in(user)
    for active in (False, True):
        user.is_active = active
        user.save()
    assert phone.get("/account/devices/").status_code == 302


@pytest.mark.control("ASVS 7.4.2")
@pytest.mark.parametrize("how", ["instance", "queryset", "admin"])
def test_deletion_ends_every_session_and_the_history_survives(
    how: str, user: Any, administrator: Any, browser: Any
) -> None:
    phone = browser()
    phone.sign_in(user)
    pk = user.pk
    if how == "instance":
        user.delete()
    elif how == "queryset":
        get_user_model().objects.filter(pk=pk).delete()
    else:
        admin = Client()
        admin.force_login(administrator)
        assert admin.post(f"/admin/accounts/user/{pk}/delete/", {"post": "yes"}).status_code == 302
    row = Session.objects.exclude(user_id=administrator.pk).get()
    assert (row.user_id, row.end_reason) == (pk, EndReason.ACCOUNT_DELETED)
    assert Event.objects.filter(kind=Event.Kind.ENDED, user_id=pk).count() == 1
    assert Delivery.objects.get().receiver == "ada@people.example"
    assert phone.get("/account/devices/").status_code == 302


def test_a_changed_password_ends_the_others_and_keeps_the_own(user: Any, browser: Any) -> None:
    laptop, phone = browser(), browser()
    laptop.sign_in(user)
    long_ago(user)
    phone.sign_in(user)
    response = laptop.post(
        "/account/password/change/",
        {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD},
    )
    assert response.status_code == 302, response.content.decode()
    assert reasons() == ["", EndReason.PASSWORD_CHANGED]
    assert laptop.get("/account/devices/").status_code == 200
    assert phone.get("/account/devices/").status_code == 302


def test_a_changed_password_ends_the_own_too_where_the_setting_says_so(
    user: Any, browser: Any, settings: Any
) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "PASSWORD_CHANGE_ENDS": "all"}
    laptop = browser()
    laptop.sign_in(user)
    long_ago(user)
    browser().sign_in(user)
    response = laptop.post(
        "/account/password/change/",
        {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD},
    )
    assert (response.status_code, response.url.partition("?")[0]) == (302, "/account/login/")
    assert reasons() == [EndReason.PASSWORD_CHANGED] * 2
    assert laptop.get("/account/devices/").status_code == 302
    assert browser().sign_in(user, NEW_PASSWORD).status_code == 302


def test_a_password_set_in_the_admin_ends_all_and_says_who(
    user: Any, administrator: Any, browser: Any
) -> None:
    browser().sign_in(user)
    admin = browser()
    admin.force_login(administrator)
    admin.post(
        f"/admin/accounts/user/{user.pk}/password/",
        {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD, "usable_password": "true"},
    )
    row = Session.objects.of(user).get()
    assert (row.end_reason, row.ended_by) == (EndReason.PASSWORD_CHANGED, administrator)
    assert admin.get("/admin/").status_code == 200


def test_a_password_changed_without_a_signal_is_refused_and_swept(user: Any, browser: Any) -> None:
    """`QuerySet.update()` and raw SQL."""
    phone, laptop = browser(), browser()
    phone.sign_in(user)
    laptop.sign_in(user)
    get_user_model().objects.filter(pk=user.pk).update(password=make_password(NEW_PASSWORD))
    assert phone.get("/account/devices/").status_code == 302
    assert reasons() == [EndReason.PASSWORD_CHANGED, ""]
    assert end_unlawful() == 1
    assert reasons() == [EndReason.PASSWORD_CHANGED] * 2


def test_the_sweep_leaves_sessions_under_an_older_secret_alone(
    user: Any, browser: Any, settings: Any
) -> None:
    phone = browser()
    phone.sign_in(user)
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = (
        [settings.SECRET_KEY],
        "another secret, as long as that",
    )
    assert end_unlawful() == 0
    assert reasons() == [""]


def test_a_password_set_in_a_shell_ends_all(user: Any, browser: Any) -> None:
    browser().sign_in(user)
    user.set_password(NEW_PASSWORD)
    user.save()
    assert reasons() == [EndReason.PASSWORD_CHANGED]


def test_a_reset_by_mail_ends_all_even_that_of_the_browser_that_resets(user: Any, browser: Any) -> None:
    laptop, phone = browser(), browser()
    laptop.sign_in(user)
    phone.sign_in(user)
    stranger = browser()
    stranger.post("/account/password/reset/", {"email": user.email})
    link = next(word for word in mail.outbox[-1].body.split() if "/password/reset/key/" in word)
    path = "/" + link.split("/", 3)[3]
    form = laptop.get(path, follow=True)
    laptop.post(form.request["PATH_INFO"], {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})
    assert reasons() == [EndReason.PASSWORD_RESET] * 2
    assert phone.get("/account/devices/").status_code == 302
    assert laptop.get("/account/devices/").status_code == 302


def test_a_hash_upgrade_at_sign_in_is_no_password_change(user: Any, browser: Any, settings: Any) -> None:
    phone = browser()
    phone.sign_in(user)
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.PBKDF2PasswordHasher",
        "django.contrib.auth.hashers.MD5PasswordHasher",
    ]
    browser().sign_in(user)
    user.refresh_from_db()
    assert user.password.startswith("pbkdf2")
    assert reasons() == ["", ""]
    assert phone.get("/account/devices/").status_code == 200


def test_an_upgrade_never_overwrites_a_password_that_was_changed_meanwhile(user: Any, settings: Any) -> None:
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.PBKDF2PasswordHasher",
        "django.contrib.auth.hashers.MD5PasswordHasher",
    ]
    stale = get_user_model().objects.get(pk=user.pk)
    get_user_model().objects.filter(pk=user.pk).update(password=make_password(NEW_PASSWORD))
    assert stale.check_password(PASSWORD), "the stale instance still verifies what it loaded"
    assert get_user_model().objects.get(pk=user.pk).check_password(NEW_PASSWORD)
    assert stale.password.startswith("md5"), "and must not pass for the new one"


def test_what_a_user_was_is_read_of_that_user_alone(user: Any, other_user: Any, browser: Any) -> None:
    """Survivor A16: in the other order the first row of the table is the right one by chance."""
    for person in (user, other_user):
        browser().sign_in(person)
    get_user_model().objects.get(pk=other_user.pk).save()
    assert reasons() == ["", ""]
    other_user.is_active = False
    other_user.save()
    assert reasons() == ["", EndReason.ACCOUNT_DISABLED]


def test_what_a_user_was_is_read_where_it_is_written(user: Any, browser: Any) -> None:
    """A row that came from a replica: what is there now may be older."""
    browser().sign_in(user)
    user._state.db = "replica"
    user.is_active = False
    user.save(using="default")
    assert reasons() == [EndReason.ACCOUNT_DISABLED]


@pytest.mark.django_db(transaction=True)
def test_what_a_user_was_is_locked_in_a_transaction_of_the_host(user: Any) -> None:
    with CaptureQueriesContext(connection) as outside:
        user.save()
    with transaction.atomic(), CaptureQueriesContext(connection) as inside:
        user.save()
    locks = connection.features.has_select_for_update  # SQLite has one writer, and locks no rows
    assert [" FOR UPDATE" in statements[0]["sql"] for statements in (outside, inside)] == [False, locks]


def test_saving_something_else_asks_nothing(user: Any, django_assert_num_queries: Any) -> None:
    user.name = "Ada Lovelace"
    with django_assert_num_queries(1):
        user.save(update_fields=["name"])


def test_a_save_that_changes_nothing_that_is_watched_reads_the_account_once(user: Any) -> None:
    with CaptureQueriesContext(connection) as queries:
        user.save()
    assert gist(queries) == ["SELECT accounts_user", "UPDATE accounts_user"]


def test_an_account_is_read_once_for_a_save(user: Any, browser: Any) -> None:
    """As it was before: what it is now the instance that was saved says itself."""
    browser().sign_in(user)
    user.is_active = False
    with CaptureQueriesContext(connection) as statements:
        user.save()
    passwords = [
        query["sql"]
        for query in statements
        if re.match("SELECT .*password.* FROM .accounts_user", query["sql"])
    ]
    assert len(passwords) == 1
    assert reasons() == [EndReason.ACCOUNT_DISABLED]


def test_force_login_and_logout_of_the_test_client_work_and_tell_nobody(user: Any) -> None:
    client = Client()
    client.force_login(user)
    assert client.get("/account/devices/").status_code == 200
    client.logout()
    assert client.get("/account/devices/").status_code == 302
    assert reasons() == [EndReason.SIGNED_OUT]
    assert not Delivery.objects.exists() and not mail.outbox


def test_login_with_a_bare_request_makes_a_session(user: Any) -> None:
    request = HttpRequest()
    request.session = SessionStore()
    request.user = AnonymousUser()
    login(request, user)
    assert Session.objects.of(user).get().device is not None


def test_a_sign_in_into_a_session_of_another_engine_is_none_of_ours(user: Any) -> None:
    """The host may have one for its API: `login()` works there, and this app keeps out."""
    request = HttpRequest()
    request.session = SignedCookieStore()
    request.user = AnonymousUser()
    login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
    assert request.session[SESSION_KEY] == str(user.pk)
    assert not Session.objects.exists() and not Event.objects.exists()


def test_a_view_that_swallows_the_refusal_saves_nobody(user: Any) -> None:
    """`login()` has written the user into the session by then."""
    require_new_password(user=user, reason=EndReason.HELP_DESK, actor=None)
    request = HttpRequest()
    request.session = SessionStore()
    with contextlib.suppress(SignInRefused):
        login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
    request.session["cart"] = [7]
    request.session.save()
    assert SESSION_KEY not in request.session and request.session["cart"] == [7]
    assert not Session.objects.of(user).exists()
    assert not SessionStore(request.session.session_key).get_user().is_authenticated

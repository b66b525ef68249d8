"""A second factor or passkey changes: by the person, in the admin, in a shell, in other code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.urls import reverse

from sessions_ui.delivery import deliver_due
from tests.accounts.conftest import SECRET
from tests.aging import long_ago
from tests.conftest import PASSWORD
from tests.models import Act, EndReason, Session

pytestmark = pytest.mark.django_db
PAGE = "/account/devices/"
OFFER = "Sign out all other devices"


def always(settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "FACTOR_CHANGE_ENDS": "others"}


@pytest.fixture
def laptop(user: Any, browser: Any) -> Any:
    """Just confirmed who it is; the same person is signed in elsewhere, too."""
    client = browser()
    client.sign_in(user)
    long_ago(user)
    client.post("/account/reauthenticate/", {"password": PASSWORD})
    browser().sign_in(user)
    return client


@pytest.fixture
def laptop_of_two_factors(user_with_totp: Any, browser: Any, app_code: Callable[[], str]) -> Any:
    client = browser()
    client.force_login(user_with_totp)
    long_ago(user_with_totp)
    client.post("/account/reauthenticate/", {"password": PASSWORD})
    browser().force_login(user_with_totp)
    return client


def activate_app(client: Any, app_code: Callable[[], str]) -> str:
    """Returns the page that people see next."""
    client.get(reverse("mfa_activate_totp"))
    session = client.session
    session["mfa.totp.secret"] = SECRET
    session.save()
    response = client.post(reverse("mfa_activate_totp"), {"code": app_code()}, follow=True)
    assert Authenticator.objects.filter(type=Authenticator.Type.TOTP).exists(), response.content.decode()
    return response.content.decode()


def reasons() -> list[str]:
    return list(Session.objects.order_by("pk").values_list("end_reason", flat=True))


@pytest.mark.control("ASVS 7.4.3")
@pytest.mark.django_db(transaction=True)
def test_adding_one_offers_to_sign_out_the_others(user: Any, laptop: Any, app_code: Any) -> None:
    page = activate_app(laptop, app_code)
    assert reasons() == ["", ""]
    assert page.count(OFFER) == 1, "the recovery codes that come with it are no second change"
    assert "1 other sign-in to your account stays active." in page
    assert OFFER not in laptop.get(reverse("mfa_index")).content.decode(), "it is said once"
    laptop.post(reverse("sessions_ui:sign_out_others"))
    assert reasons() == ["", EndReason.SIGNED_OUT_EVERYWHERE]


@pytest.mark.django_db(transaction=True)
def test_adding_one_ends_the_others_where_the_setting_says_so(
    user: Any, laptop: Any, app_code: Any, settings: Any, mailoutbox: Any
) -> None:
    always(settings)
    assert OFFER not in activate_app(laptop, app_code)
    assert reasons() == ["", EndReason.FACTOR_CHANGED]
    assert laptop.get(PAGE).status_code == 200
    deliver_due()
    (told,) = [message for message in mailoutbox if "An authenticator app was added" in message.body]
    assert "Signed out because of this change" in told.body, "and no second mail says that"
    assert Act.objects.get().actor_id == user.pk


@pytest.mark.control("ASVS 7.4.3")
def test_removing_one_offers_it_too(laptop_of_two_factors: Any) -> None:
    page = laptop_of_two_factors.post(reverse("mfa_deactivate_totp"), follow=True).content.decode()
    assert not Authenticator.objects.exists()
    assert reasons() == ["", ""]
    assert OFFER in page


def test_removing_one_ends_the_others_where_the_setting_says_so(
    laptop_of_two_factors: Any, settings: Any
) -> None:
    always(settings)
    page = laptop_of_two_factors.post(reverse("mfa_deactivate_totp"), follow=True).content.decode()
    assert reasons() == ["", EndReason.FACTOR_CHANGED]
    assert OFFER not in page


@pytest.mark.control("ASVS 7.4.3")
def test_removing_a_passkey_offers_it(security_key: Authenticator, laptop_of_two_factors: Any) -> None:
    url = reverse("mfa_remove_webauthn", args=[security_key.pk])
    assert OFFER in laptop_of_two_factors.post(url, follow=True).content.decode()
    assert reasons() == ["", ""]


def test_nothing_is_offered_where_nothing_else_is_signed_in(user_with_totp: Any, browser: Any) -> None:
    client = browser()
    client.force_login(user_with_totp)
    client.post("/account/reauthenticate/", {"password": PASSWORD})
    assert OFFER not in client.post(reverse("mfa_deactivate_totp"), follow=True).content.decode()


def by_admin(user: Any, administrator: Any, browser: Any) -> None:
    admin = browser()
    admin.force_login(administrator)
    pk = Authenticator.objects.get(type=Authenticator.Type.TOTP).pk
    url = reverse("admin:mfa_authenticator_delete", args=[pk])
    assert admin.post(url, {"post": "yes"}).status_code == 302


def by_admin_action(user: Any, administrator: Any, browser: Any) -> None:
    admin = browser()
    admin.force_login(administrator)
    pk = Authenticator.objects.get(type=Authenticator.Type.TOTP).pk
    data = {"action": "delete_selected", "_selected_action": [pk], "post": "yes"}
    assert admin.post(reverse("admin:mfa_authenticator_changelist"), data).status_code == 302


def by_shell(user: Any, administrator: Any, browser: Any) -> None:
    Authenticator.objects.filter(user=user).delete()


def by_other_code(user: Any, administrator: Any, browser: Any) -> None:
    RecoveryCodes.activate(user)


def by_another_secret(user: Any, administrator: Any, browser: Any) -> None:
    authenticator = Authenticator.objects.get(user=user, type=Authenticator.Type.TOTP)
    authenticator.data = {"secret": "ANOTHER"}
    authenticator.save()


def by_another_secret_not_fetched(user: Any, administrator: Any, browser: Any) -> None:
    authenticator = Authenticator.objects.get(user=user, type=Authenticator.Type.TOTP)
    Authenticator(pk=authenticator.pk, user=user, type=authenticator.type, data={"secret": "ANOTHER"}).save()


@pytest.mark.parametrize(
    "change",
    [
        by_admin,
        by_admin_action,
        by_shell,
        by_other_code,
        by_another_secret,
        by_another_secret_not_fetched,
    ],
)
def test_a_change_by_anybody_else_ends_all(
    change: Any, user_with_totp: Any, laptop_of_two_factors: Any, administrator: Any, browser: Any
) -> None:
    change(user_with_totp, administrator, browser)
    mine = Session.objects.of(user_with_totp).values_list("end_reason", flat=True)
    assert set(mine) == {EndReason.FACTOR_CHANGED}
    assert laptop_of_two_factors.get(PAGE).status_code == 302


def test_using_a_factor_or_renaming_it_is_no_change(
    security_key: Authenticator, recovery_codes: list[str], browser: Any, user_with_totp: Any
) -> None:
    client = browser()
    client.force_login(user_with_totp)
    codes = Authenticator.objects.get(type=Authenticator.Type.RECOVERY_CODES)
    assert RecoveryCodes(codes).validate_code(recovery_codes[0])
    codes.record_usage()
    security_key.refresh_from_db()
    security_key.wrap().name = "Red key"
    security_key.save()
    assert reasons() == [""]


def test_deleting_the_account_is_told_as_such(laptop_of_two_factors: Any, user_with_totp: Any) -> None:
    user_with_totp.delete()
    assert set(reasons()) == {EndReason.ACCOUNT_DELETED}
    assert Act.objects.count() == 1


def test_a_sign_in_under_way_does_not_outlive_the_change(
    user: Any, browser: Any, app_code: Callable[[], str]
) -> None:
    """The password was right; then the account's factors change elsewhere, and everything ends."""
    TOTP.activate(user, SECRET)
    browser().force_login(user)
    half = browser()
    half.sign_in(user)
    RecoveryCodes.activate(user)
    half.post(reverse("mfa_authenticate"), {"code": app_code()})
    assert not Session.objects.living().exists()


@pytest.mark.django_db(transaction=True)
def test_the_apps_own_frame_offers_it_too(user: Any, laptop: Any, app_code: Any, settings: Any) -> None:
    """For hosts that show our pages in our own template."""
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "BASE_TEMPLATE": "sessions_ui/base.html"}
    laptop.get(reverse("mfa_activate_totp"))
    session = laptop.session
    session["mfa.totp.secret"] = SECRET
    session.save()
    laptop.post(reverse("mfa_activate_totp"), {"code": app_code()})
    assert OFFER in laptop.get(PAGE).content.decode()

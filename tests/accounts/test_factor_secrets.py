"""Secrets of second factors: encrypted in their rows, with keys that can be replaced."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from io import StringIO
from types import SimpleNamespace
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.apps import apps
from django.contrib.auth import SESSION_KEY
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import connection
from django.urls import reverse

from accounts.checks import factor_keys
from accounts.credentials import factor_secrets
from sessions_ui.exceptions import Undecipherable
from tests.accounts.conftest import SECRET
from tests.conftest import PASSWORD
from tests.models import Event, Session
from tests.stories.test_dump import dump

pytestmark = pytest.mark.django_db
NEXT = "the next key, which is long and random where it is not in a test"


def data_of(kind: str) -> dict[str, Any]:
    return Authenticator.objects.get(type=kind).data


def rotate() -> str:
    out = StringIO()
    call_command("rotate_factor_keys", stdout=out)
    return out.getvalue()


def sign_in(browser: Any, user: Any, code: str) -> bool:
    here = browser()
    here.sign_in(user)
    here.post(reverse("mfa_authenticate"), {"code": code})
    return SESSION_KEY in here.session


def test_a_dump_holds_no_secret_seed_or_recovery_code(
    user_with_totp: Any, recovery_codes: list[str], browser: Any, app_code: Callable[[], str]
) -> None:
    seed = factor_secrets.unseal(data_of("recovery_codes")["seed"])
    assert sign_in(browser, user_with_totp, app_code())
    assert sign_in(browser, user_with_totp, recovery_codes[0])
    everything = dump()
    assert user_with_totp.email in everything, "the dump holds what was stored"
    assert [secret for secret in (SECRET, seed, *recovery_codes) if secret in everything] == []


def test_a_dump_holds_no_secret_while_an_app_is_being_set_up(
    user: Any, browser: Any, app_code: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("allauth.mfa.totp.internal.auth.generate_totp_secret", lambda: SECRET)
    here = browser()
    here.sign_in(user)
    here.post("/account/reauthenticate/", {"password": PASSWORD})
    assert SECRET in here.get(reverse("mfa_activate_totp")).content.decode()
    payloads = [str(here.session.decode(row.payload)) for row in Session.objects.all()]
    assert "mfa.totp.secret" in "".join(payloads)
    assert SECRET not in "".join(payloads) + dump()
    wrong = here.post(reverse("mfa_activate_totp"), {"code": "000000"})
    assert SECRET in wrong.content.decode(), "the same one is shown again"
    assert here.post(reverse("mfa_activate_totp"), {"code": app_code()}).status_code == 302
    assert TOTP(Authenticator.objects.get(type="totp")).validate_code(app_code())


def test_another_key_reads_as_the_same_factor(
    user_with_totp: Any, recovery_codes: list[str], browser: Any, app_code: Callable[[], str], settings: Any
) -> None:
    assert sign_in(browser, user_with_totp, app_code())
    before, events = dict(data_of("totp")), Event.objects.count()
    settings.FACTOR_KEYS = [NEXT, *settings.FACTOR_KEYS]
    assert rotate() == "2 second factors were encrypted with the current key.\n"
    assert data_of("totp") != before
    assert rotate() == "0 second factors were encrypted with the current key.\n"
    settings.FACTOR_KEYS = [NEXT]
    assert not Session.objects.of(user_with_totp).exclude(end_reason="").exists()
    assert Event.objects.count() == events
    assert TOTP(Authenticator.objects.get(type="totp")).validate_code(app_code()) is False, (
        "was used just now"
    )
    assert sign_in(browser, user_with_totp, recovery_codes[0])
    assert not sign_in(browser, user_with_totp, recovery_codes[0]), "what was used stays used"


def test_the_app_signs_in_after_the_keys_were_replaced(
    user_with_totp: Any, browser: Any, app_code: Callable[[], str], settings: Any
) -> None:
    settings.FACTOR_KEYS = [NEXT, *settings.FACTOR_KEYS]
    rotate()
    settings.FACTOR_KEYS = [NEXT]
    assert sign_in(browser, user_with_totp, app_code())


def test_a_save_with_another_key_ends_nobody_and_another_secret_does(
    user_with_totp: Any, browser: Any, settings: Any
) -> None:
    browser().force_login(user_with_totp)
    settings.FACTOR_KEYS = [NEXT, *settings.FACTOR_KEYS]
    row = Authenticator.objects.get(type="totp")
    for same in (factor_secrets.seal(SECRET), SECRET, factor_secrets.seal(SECRET)):
        row.data = {"secret": same}
        row.save()
        assert Session.objects.of(user_with_totp).living().exists()
    row.data = {"secret": factor_secrets.seal("ANOTHER")}
    row.save()
    assert not Session.objects.of(user_with_totp).living().exists()


def test_a_secret_whose_key_is_gone_is_the_same_as_itself_only(
    user_with_totp: Any, browser: Any, settings: Any
) -> None:
    browser().force_login(user_with_totp)
    settings.FACTOR_KEYS = [NEXT]
    row = Authenticator.objects.get(type="totp")
    row.save()
    assert Session.objects.of(user_with_totp).living().exists()
    row.data = {"secret": factor_secrets.seal(SECRET)}
    row.save()
    assert not Session.objects.of(user_with_totp).living().exists()


def test_a_plain_row_of_before_goes_on_and_is_encrypted(
    user_with_totp: Any, recovery_codes: list[str], browser: Any, app_code: Callable[[], str]
) -> None:
    seed = factor_secrets.unseal(data_of("recovery_codes")["seed"])
    Authenticator.objects.filter(type="totp").update(data={"secret": SECRET})
    Authenticator.objects.filter(type="recovery_codes").update(data={"seed": seed, "used_mask": 1})
    assert sign_in(browser, user_with_totp, app_code())
    assert sign_in(browser, user_with_totp, recovery_codes[1])
    assert rotate().startswith("2 ")
    assert data_of("totp")["secret"].startswith("encrypted:")
    assert data_of("recovery_codes")["used_mask"] == 3
    assert sign_in(browser, user_with_totp, recovery_codes[2])
    assert SECRET not in dump()


def test_the_migration_encrypts_what_is_plain_and_leaves_the_rest(
    user_with_totp: Any, other_user: Any, browser: Any
) -> None:
    browser().force_login(other_user)
    encrypted = data_of("totp")
    plain = Authenticator.objects.bulk_create(
        [Authenticator(user=other_user, type="totp", data={"secret": "PLAIN"})]
    )[0]
    migration = import_module("accounts.migrations.0006_encrypt_secrets_of_factors")
    migration.encrypt_what_is_plain(apps, SimpleNamespace(connection=connection))
    plain.refresh_from_db()
    assert factor_secrets.unseal(plain.data["secret"]) == "PLAIN" and plain.data["secret"] != "PLAIN"
    assert Authenticator.objects.get(user=user_with_totp).data == encrypted
    assert Session.objects.of(other_user).living().exists()


def test_codes_of_another_package_are_encrypted_too(user_with_totp: Any) -> None:
    row = Authenticator.objects.create(
        user=user_with_totp, type="recovery_codes", data={"migrated_codes": ["11112222", "33334444"]}
    )
    assert rotate().startswith("1 ")
    row.refresh_from_db()
    assert "11112222" not in str(row.data)
    assert RecoveryCodes(row).validate_code("33334444")
    assert RecoveryCodes(Authenticator.objects.get(pk=row.pk)).get_unused_codes() == ["11112222"]


def test_a_passkey_has_nothing_to_encrypt(security_key: Authenticator, settings: Any) -> None:
    before = dict(Authenticator.objects.get(pk=security_key.pk).data)
    settings.FACTOR_KEYS = [NEXT, *settings.FACTOR_KEYS]
    rotate()
    assert Authenticator.objects.get(pk=security_key.pk).data == before


def test_rows_beyond_a_batch_are_encrypted_too(
    user_with_totp: Any, recovery_codes: list[str], monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    monkeypatch.setattr(factor_secrets, "BATCH", 1)
    settings.FACTOR_KEYS = [NEXT, *settings.FACTOR_KEYS]
    assert rotate().startswith("2 ")


def test_a_key_that_was_taken_away_too_early_is_told(user_with_totp: Any, settings: Any) -> None:
    kept = data_of("totp")
    settings.FACTOR_KEYS = [NEXT]
    with pytest.raises(CommandError, match=str(Authenticator.objects.get().pk)):
        rotate()
    assert data_of("totp") == kept
    with pytest.raises(Undecipherable):
        TOTP(Authenticator.objects.get()).validate_code("000000")


def test_without_a_key_nothing_is_stored(user: Any, settings: Any) -> None:
    settings.FACTOR_KEYS = []
    with pytest.raises(ImproperlyConfigured, match="Set FACTOR_KEYS"):
        TOTP.activate(user, SECRET)
    assert not Authenticator.objects.filter(user=user).exists()


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        ([], ["accounts.E001"]),
        (["too short"], ["accounts.E001"]),
        (["x" * 32, "too short"], ["accounts.E001"]),
        (["x" * 32], []),
        (["x" * 32, "the secret of the site, which is long"], ["accounts.E002"]),
    ],
    ids=str,
)
def test_a_site_without_good_keys_is_told_so(settings: Any, keys: list[str], found: list[str]) -> None:
    settings.SECRET_KEY = "the secret of the site, which is long"
    settings.FACTOR_KEYS = keys
    assert [message.id for message in factor_keys()] == found


def test_this_site_has_good_keys() -> None:
    assert factor_keys() == []

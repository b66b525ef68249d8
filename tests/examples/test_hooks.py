"""The examples of docs/hooks.md do what they say, and are what it shows."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client, RequestFactory
from django.urls import path

from docs.examples import ldap, saml, scim
from sessions_ui.store import SessionStore
from tests.models import EndReason, Event, Session

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "a token of the directory's"

urlpatterns = [path("scim/v2/Users/<int:pk>", scim.user)]


def test_the_page_shows_the_files() -> None:
    page = (ROOT / "docs" / "hooks.md").read_text()
    shown = dict(re.findall(r"```python\n# (docs/examples/\w+\.py)\n(.*?)```", page, re.DOTALL))
    files = {path for path in (ROOT / "docs" / "examples").glob("*.py") if path.name != "__init__.py"}
    assert shown == {str(path.relative_to(ROOT)): path.read_text() for path in files}


def living(user: Any) -> int:
    return Session.objects.of(user).living().count()


class Directory(Client):
    """A SCIM client."""

    def scim(self, method: str, user: Any, body: Any = None, token: str = TOKEN) -> int:
        data = body if isinstance(body, str) else json.dumps(body)
        response = self.generic(
            method, f"/scim/v2/Users/{user.pk}", data, headers={"authorization": f"Bearer {token}"}
        )
        return int(response.status_code)


@pytest.fixture
def directory(settings: Any) -> Directory:
    settings.ROOT_URLCONF, settings.SCIM_TOKEN = __name__, TOKEN
    return Directory(enforce_csrf_checks=True)


@pytest.fixture
def laptop(user: Any, browser: Any) -> Any:
    laptop = browser()
    laptop.force_login(user)
    return laptop


def replace(**value: Any) -> dict[str, Any]:
    return {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{"op": "replace", "value": value}],
    }


@pytest.mark.parametrize(
    ("method", "body"),
    [
        ("PATCH", replace(active=False)),
        ("PATCH", {"Operations": [{"op": "Replace", "path": "active", "value": "False"}]}),
        ("DELETE", None),
    ],
)
def test_scim_disables_and_signs_out(
    method: str, body: Any, directory: Directory, user: Any, laptop: Any
) -> None:
    assert directory.scim(method, user, body) == 204
    user.refresh_from_db()
    assert not user.is_active and living(user) == 0
    assert Session.objects.get().end_reason == EndReason.ACCOUNT_DISABLED


def test_scim_revives_nothing(directory: Directory, user: Any, laptop: Any) -> None:
    directory.scim("PATCH", user, replace(active=False))
    assert directory.scim("PATCH", user, replace(active=True)) == 204
    user.refresh_from_db()
    assert user.is_active and living(user) == 0


def test_scim_leaves_others_and_other_changes_alone(
    directory: Directory, user: Any, other_user: Any, laptop: Any
) -> None:
    assert directory.scim("PATCH", user, replace(displayName="Ada")) == 204
    assert directory.scim("DELETE", other_user) == 204
    assert living(user) == 1


@pytest.mark.parametrize(
    "body", ["", "[", "[]", "{}", '{"Operations": 1}', '{"Operations": [1]}', "[" * 50_000]
)
def test_scim_refuses_junk(body: str, directory: Directory, user: Any, laptop: Any) -> None:
    assert directory.scim("PATCH", user, body) == 400 and living(user) == 1


def test_scim_asks_for_the_token(directory: Directory, user: Any, laptop: Any) -> None:
    assert directory.scim("DELETE", user, token="another") == 401 and living(user) == 1


@pytest.mark.no_bystander("the directory is said to hold everybody")
def test_ldap_disables_who_is_gone(user: Any, other_user: Any, laptop: Any, browser: Any) -> None:
    browser().force_login(other_user)
    receipt = ldap.disable_the_gone({other_user.email})
    user.refresh_from_db()
    assert (receipt.ended, user.is_active, living(user), living(other_user)) == (1, False, 0, 1)
    assert receipt.act is not None and receipt.act.note == "no longer in the directory"
    assert not ldap.disable_the_gone({other_user.email}), "the next run has nothing to do"


def test_ldap_takes_an_empty_answer_for_a_broken_directory(user: Any, laptop: Any) -> None:
    with pytest.raises(ValueError, match="nobody"):
        ldap.disable_the_gone(set())
    assert living(user) == 1


def by_saml(user: Any, session_index: str, settings: Any) -> None:
    backend = "django.contrib.auth.backends.ModelBackend"
    settings.AUTHENTICATION_BACKENDS = [*settings.AUTHENTICATION_BACKENDS, backend]
    request = RequestFactory().post("/acs")
    request.session = SessionStore()
    saml.signed_in(request, user, issuer="https://idp.example", name_id="ada-7", session_index=session_index)


@pytest.mark.parametrize(("indexes", "left"), [(["_1"], {"_2"}), (["_1", "_2"], set()), ([], set())])
def test_saml_ends_the_named_sessions_or_all(
    indexes: list[str], left: set[str], user: Any, laptop: Any, settings: Any
) -> None:
    for index in ("_1", "_2"):
        by_saml(user, index, settings)
    ended = saml.logged_out(issuer="https://idp.example", name_id="ada-7", session_indexes=indexes)
    assert ended == 2 - len(left)
    by_provider = Session.objects.living().exclude(provider="")
    assert set(by_provider.values_list("sid", flat=True)) == left
    assert living(user) == len(left) + 1, "the laptop signed in with a password"
    reasons = Event.objects.filter(kind=Event.Kind.ENDED).values_list("reason", flat=True)
    assert set(reasons) == {EndReason.PROVIDER_SIGN_OUT}

"""An app on a phone, which signs in by allauth's headless API."""

from __future__ import annotations

import json
from typing import Any

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.test import Client

from sessions_ui.models import digest_of
from sessions_ui.store import SessionStore
from tests.conftest import LONDON, PASSWORD
from tests.models import Session

API = "/_allauth/app/v1/"
EXAMPLE_APP = "Example App/3.2.1 (iPhone16,1; iOS 18.1)"
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


class App:
    """One installation of an app: it keeps the key of its session and its device token, and no cookies."""

    def __init__(self, user_agent: str = EXAMPLE_APP, address: str = LONDON, **headers: str) -> None:
        self.user_agent, self.address, self.headers = user_agent, address, headers
        self.token = self.device_token = ""

    def call(self, method: str, address: str, data: Any = None, **more: str) -> Any:
        """Ask for `address`, of the API or, with a slash before it, of the site; keep what the answer gives."""
        kept = {"X-Session-Token": self.token, "X-Device-Token": self.device_token}
        headers = {"User-Agent": self.user_agent, **self.headers, **kept, **more}
        answer = Client(REMOTE_ADDR=self.address).generic(
            method.upper(),
            address if address.startswith("/") else API + address,
            "" if data is None else json.dumps(data),
            content_type="application/json",
            headers={name: value for name, value in headers.items() if value},
        )
        self.device_token = answer.headers.get("X-Device-Token", self.device_token)
        if "json" in answer.headers.get("Content-Type", ""):
            self.token = (answer.json().get("meta") or {}).get("session_token", self.token)
        return answer

    def sign_in(self, user: Any, password: str = PASSWORD) -> Any:
        answer = self.call("post", "auth/login", {"email": user.email, "password": password})
        assert answer.status_code == 200, answer.content.decode()
        return answer

    @property
    def session(self) -> Session:
        return session_of(self.token)


def session_of(token: str) -> Session:
    return Session.objects.get(digest=digest_of(token, "app"))


def app_store(user: Any, **data: Any) -> SessionStore:
    """The session of an app in which this user is signed in, as `force_login` makes that of a browser."""
    store = SessionStore()
    store.kind = Session.Kind.APP
    store.update(data)
    store[SESSION_KEY] = user._meta.pk.value_to_string(user)
    store[BACKEND_SESSION_KEY] = BACKEND
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store.save()
    return store

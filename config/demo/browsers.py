"""Signs the demo's devices in over HTTP, as their browsers and apps would; asks later whether they are still let in.

Their cookies and keys are kept beside the demo's database: without them nobody could show that a device which was
signed out is really refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
from django.conf import settings

from config.demo.devices import DEVICES, DemoDevice
from config.demo.factor import current_code
from config.demo.past import move_into_the_past
from config.demo.people import PASSWORD

SIGN_IN = "/account/login/"
SECOND_FACTOR = "/account/2fa/authenticate/"
SIGN_OUT = "/account/logout/"
DEVICES_PAGE = "/account/devices/"
# What an open devices page asks for by itself: no activity of a person.
DEVICES_LIST = "/account/devices/list/"
API_SIGN_IN = "/_allauth/app/v1/auth/login"
API_SESSION = "/demo/app/session/"  # what the app's own address says; asking is no activity
TOKEN = "X-Session-Token"  # noqa: S105  the name of a header
DEVICE = "X-Device-Token"
COOKIE_DOMAIN = "localhost.local"  # how Python's cookie jar writes "localhost"
FORM_TOKEN = re.compile(r'name="csrfmiddlewaretoken"\s+value="([^"]+)"')


class DemoBrowsers:
    def __init__(self, base_url: str, folder: Path) -> None:
        self.base_url = base_url
        self.file = folder / "demo-devices.json"

    def sign_in_all(self, *, afresh: bool) -> int:
        """Sign in the devices that have not been: all of them in a new database (`afresh`), else only those that an
        interrupted first start left out. Return how many that were."""
        jars = {} if afresh else self._load()
        missing = [device for device in DEVICES if device.key not in jars]
        for device in missing:
            with self._open(device) as client:
                if device.is_app:
                    jars[device.key] = self._sign_in_app(client, device)
                else:
                    self._sign_in(client, device)
                    jars[device.key] = _cookies(client)
                if device.signs_out:
                    self._post(client, DEVICES_PAGE, SIGN_OUT)
            key = TOKEN if device.is_app else settings.SESSION_COOKIE_NAME
            move_into_the_past(device, jars[device.key][key])
            self._save(jars)
        return len(missing)

    def ask_all(self) -> Iterator[tuple[DemoDevice, bool]]:
        """Send each device's next request, of a browser for the list on its devices page; yield True with it if it was
        let in. Requests that pages send by themselves: a device that nobody uses is not "Active now" for being asked.
        """
        jars = self._load()
        for device in DEVICES:
            if device.key not in jars:
                continue
            if device.is_app:
                with self._open(device) as client:
                    answer = client.get(API_SESSION, headers=jars[device.key])
                yield device, answer.status_code == httpx.codes.OK
                continue
            with self._open(device, jars[device.key]) as client:
                let_in = client.get(DEVICES_LIST).status_code == httpx.codes.OK
                if let_in:
                    jars[device.key] = _cookies(client)
            yield device, let_in
        self._save(jars)

    def _open(self, device: DemoDevice, cookies: dict[str, str] | None = None) -> httpx.Client:
        headers = {
            "User-Agent": device.user_agent,
            "X-Forwarded-For": device.address,  # the demo trusts this machine as its proxy
            "Accept": "text/html",
            "Accept-Language": "en",
            "Origin": self.base_url,
            **device.hints,
        }
        # No proxy of the environment: the demo's own server is on this machine.
        client = httpx.Client(base_url=self.base_url, headers=headers, timeout=30, trust_env=False)
        for name, value in (cookies or {}).items():
            client.cookies.set(name, value, domain=COOKIE_DOMAIN)
        return client

    def _sign_in(self, client: httpx.Client, device: DemoDevice) -> None:
        form = {"login": device.person.email, "password": PASSWORD}
        answer = self._post(client, SIGN_IN, SIGN_IN, form, device.asked_hints)
        if answer.status_code != httpx.codes.FOUND:
            raise RuntimeError(f"{device.key} could not sign in: the page answered {answer.status_code}.")
        if not device.person.factor:
            return
        for _ in range(2):  # at the turn of the half minute the first code comes too late
            answer = self._post(client, SECOND_FACTOR, SECOND_FACTOR, {"code": current_code(before=1)})
            if answer.status_code == httpx.codes.FOUND:
                return
        raise RuntimeError(f"{device.key} could not show its second factor: {answer.status_code}.")

    def _sign_in_app(self, client: httpx.Client, device: DemoDevice) -> dict[str, str]:
        """Sign in as an app does; return the headers that it sends from then on."""
        answer = client.post(API_SIGN_IN, json={"email": device.person.email, "password": PASSWORD})
        if answer.status_code != httpx.codes.OK:
            raise RuntimeError(f"{device.key} could not sign in: the API answered {answer.status_code}.")
        return {TOKEN: answer.json()["meta"]["session_token"], DEVICE: answer.headers[DEVICE]}

    def _post(
        self,
        client: httpx.Client,
        page: str,
        action: str,
        form: dict[str, str] | None = None,
        asked_hints: dict[str, str] | None = None,
    ) -> httpx.Response:
        """Open the page, as a person does, and send the form that it finds there."""
        shown = client.get(page)
        if "Accept-CH" in shown.headers:
            client.headers.update(asked_hints or {})
        token = FORM_TOKEN.search(shown.text)
        if token is None:
            raise RuntimeError(f"{page} answered {shown.status_code} and has no form.")
        return client.post(action, data={"csrfmiddlewaretoken": token[1], **(form or {})})

    def _load(self) -> dict[str, dict[str, str]]:
        try:
            stored: dict[str, Any] = json.loads(self.file.read_text())
        except FileNotFoundError:
            return {}
        return stored

    def _save(self, jars: dict[str, dict[str, str]]) -> None:
        fresh = self.file.with_suffix(".new")
        fresh.touch(mode=0o600)
        fresh.write_text(json.dumps(jars, indent=1))
        fresh.replace(self.file)


def _cookies(client: httpx.Client) -> dict[str, str]:
    return {cookie.name: cookie.value or "" for cookie in client.cookies.jar}

"""What people click on the way to another password or factor, and what they are asked for meanwhile."""

from __future__ import annotations

import re
from typing import Any

from allauth.account.internal.flows.login import (
    _AUTHENTICATION_METHODS_USER_SESSION_KEY,
    AUTHENTICATION_METHODS_SESSION_KEY,
)
from allauth.account.internal.userkit import user_id_to_str
from allauth.mfa.models import Authenticator
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from config.demo.factor import current_code
from sessions_ui.delivery import deliver_due
from tests.conftest import PASSWORD

NEW_PASSWORD = "seven brown cows on a hill"
NOTHING, PROOF = "nothing", "a further proof"


def signed_in_by(client: Any, user: Any, **record: Any) -> Any:
    """Signed in as allauth has it after a provider (`method="socialaccount"`) or a passkey, and confirmed just now."""
    client.force_login(user)
    session = client.session
    session.update(confirmed(user, **record))
    session.save()
    return client


def confirmed(user: Any, **record: Any) -> dict[str, Any]:
    """What allauth has in the session then."""
    now = {"at": timezone.now().timestamp(), "reauthenticated": True}
    return {
        AUTHENTICATION_METHODS_SESSION_KEY: [{**now, **record}],
        _AUTHENTICATION_METHODS_USER_SESSION_KEY: user_id_to_str(user),
    }


def mailed_code(user: Any = None) -> str:
    """The code of the last mail, which went to this user's own address."""
    deliver_due()
    if user is not None:
        assert mail.outbox[-1].to == [user.email]
    (found,) = re.findall(r"^    (\d{6})$", str(mail.outbox[-1].body), re.MULTILINE)
    return str(found)


def is_question(response: Any) -> bool:
    # Not `context["purpose"]`, which the mail with a code has, too.
    contexts = getattr(response, "context", None) or []
    return any(part.get("purpose") == "credential" and not part.get("proven") for part in contexts)


class Person:
    """Somebody at a browser. Counts what they click: a page that is opened, a button that is pressed."""

    def __init__(self, client: Any, user: Any) -> None:
        self.client, self.user = client, user
        self.clicks = 0
        self.asked = NOTHING
        self.ways: set[str] = set()
        self.password = PASSWORD
        self.by_factor = ""  # the secret of an authenticator app that is shown in place of a code

    def click(self, method: str, url: str, data: Any = None) -> Any:
        self.clicks += 1
        return getattr(self.client, method)(url, data, follow=True)

    def form(self, name: str, *args: Any) -> Any:
        """Open the page with the form, and do what it asks for before."""
        page = self.click("get", reverse(name, args=args))
        if is_question(page):
            page = self.answer(page)
        asks_again = page.request["PATH_INFO"] == reverse("account_reauthenticate")
        return self.click("post", address_of(page), {"password": self.password}) if asks_again else page

    def answer(self, question: Any) -> Any:
        self.asked, self.ways = PROOF, ways_in(question)
        act = question.context["act"]
        prove = reverse("sessions_ui:prove")
        if self.by_factor:
            (way,) = question.context["ways"]
            self.click("get", way.url)
            shown = self.click("post", way.url, {"code": current_code(self.by_factor)})
            assert shown.context["proven"], "the page goes on by itself"
            return self.client.post(prove, {"act": shown.context["act"]}, follow=True)
        if not self.ways & {"mailed code"}:
            return question
        sent = self.click("post", prove, {"act": act, "again": "1"})
        assert is_question(sent) and sent.context["addresses"]
        return self.click("post", prove, {"act": act, "code": mailed_code(self.user)})

    def send(self, name: str, data: dict[str, str] | None = None, *args: Any) -> Any:
        return self.click("post", reverse(name, args=args), data or {})


def address_of(page: Any) -> str:
    return f"{page.request['PATH_INFO']}?{page.request['QUERY_STRING']}"


def ways_in(question: Any) -> set[str]:
    context = question.context
    found = {
        "mailed code": context["form"] is not None,
        "older factor": bool(context["ways"]),
        "other device": bool(context["elsewhere"]),
        "help desk": bool(context["help_url"]),
    }
    return {name for name, is_offered in found.items() if is_offered}


def change_password(person: Person) -> bool:
    person.form("account_change_password")
    new = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    person.send("account_change_password", {"oldpassword": PASSWORD, **new})
    return has_password(person.user)


def set_password(person: Person) -> bool:
    person.form("account_set_password")
    person.send("account_set_password", {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})
    return has_password(person.user)


def has_password(user: Any) -> bool:
    user.refresh_from_db()
    return bool(user.check_password(NEW_PASSWORD))


def add_app(person: Person) -> bool:
    page = person.form("mfa_activate_totp")
    person.send("mfa_activate_totp", {"code": current_code(page.context["form"].secret)})
    return factors(person.user).filter(type=Authenticator.Type.TOTP).exists()


def remove_app(person: Person) -> bool:
    person.form("mfa_deactivate_totp")
    person.send("mfa_deactivate_totp")
    return not factors(person.user).filter(type=Authenticator.Type.TOTP).exists()


def factors(user: Any) -> Any:
    return Authenticator.objects.filter(user=user)

"""How a person confirms who it is before an act. `SESSIONS_UI["REAUTHENTICATION"]` names the class that is used."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.contrib.auth import authenticate, get_backends
from django.http import HttpRequest
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sessions_ui.actions.help_desk.find_user import address_of
from sessions_ui.actions.step_up.reauthentication import failed_reauthentications, note_reauthentication
from sessions_ui.conf import conf
from sessions_ui.database import moments
from sessions_ui.store import store_of
from sessions_ui.user_model import has_usable_password

CONFIRMED_AT = "sessions_ui_confirmed_at"  # in the session: when, in seconds since 1970


@dataclass(frozen=True, slots=True)
class Way:
    """Another way to confirm it, on a page of its own that comes back to `next`: address and words of a link.
    `without_phone`: it helps whoever lost the phone (a recovery code). `method`: what it shows, a word of
    `Session.method`; it is a further proof only where the sign-in did without."""

    url: str
    label: str
    without_phone: bool = False
    method: str = ""


class PasswordForm(forms.Form):
    """The password, checked by the authentication backends, so that one that a directory holds works too."""

    password = forms.CharField(
        label=gettext_lazy("Your password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "autofocus": True}),
    )

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        if not self.is_right(password):
            raise forms.ValidationError(_("That is not your password."), code="incorrect_password")
        return password

    def is_right(self, password: str) -> bool:
        user: Any = self.request.user
        for names in names_of(self.request, user):
            found = authenticate(self.request, **names, password=password)
            if found is not None:
                return bool(found.pk == user.pk)
        return False


def names_of(request: HttpRequest, user: Any) -> list[dict[str, str]]:
    """Return by which names the site's backends may know this user: arguments of `authenticate()` beside the password.

    `username` is what Django's own sign-in form passes, and what nearly every backend accepts. The name of the user
    model's field, and of its e-mail address, are for those that accept nothing else: each further try would be one more
    failed sign-in to whoever counts them (`user_login_failed`).
    """
    fields = {"username": user.get_username(), user.USERNAME_FIELD: user.get_username()}
    if email := address_of(user):
        fields.setdefault("email", email)
        fields.setdefault(getattr(user, "EMAIL_FIELD", "email"), email)
    unasked = [inspect.signature(backend.authenticate) for backend in get_backends()]
    names = []
    for field, value in fields.items():
        accepting = [signature for signature in unasked if accepts(signature, request, field)]
        if accepting:
            names.append({field: value})
            unasked = [signature for signature in unasked if signature not in accepting]
    return names


def accepts(signature: inspect.Signature, request: HttpRequest, field: str) -> bool:
    """Return whether a backend accepts the field, found out as `authenticate()` does."""
    try:
        signature.bind(request, **{field: ""}, password="")
    except TypeError:
        return False
    return True


class Reauthentication:
    """The app's own reauthentication: the password, and whatever ways a subclass adds. One object serves one
    request."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request

    def is_fresh(self) -> bool:
        """Return whether the act may go on without asking."""
        at = self.confirmed_at()
        return at is not None and at > timezone.now() - conf.reauthentication_age

    def confirmed_at(self) -> datetime | None:
        """Return when somebody last proved in this session to be its owner: at the sign-in, or when asked again."""
        at = self.request.session.get(CONFIRMED_AT)
        times = [self._signed_in_at(), moments.from_timestamp(at) if at else None]
        return max((moment for moment in times if moment), default=None)

    def form(self, data: Any = None) -> forms.Form | None:
        """Return the form to fill in on the spot; None for people who have nothing to type: they take another way."""
        user: Any = self.request.user
        return PasswordForm(data, request=self.request) if has_usable_password(user) else None

    def ways(self, next_url: str) -> list[Way]:
        """Return the other ways, each coming back to `next_url`."""
        return []

    def may_try(self) -> bool:
        """Return whether another try is allowed: not after too many wrong ones. Asked before each try, while
        the account is held until a wrong one is counted."""
        if (session_id := self._session_id) is None:
            return True
        since = timezone.now() - conf.reauthentication_age
        failed = failed_reauthentications(user=self.request.user, session_id=session_id, since=since)
        return failed < conf.reauthentication_tries

    def confirm(self, form: forms.Form) -> None:
        """Record that the form was right, and take a new session key: somebody who copied the old one must not profit
        (ASVS 5.0 7.2.4)."""
        self.request.session[CONFIRMED_AT] = moments.aware(timezone.now()).timestamp()
        self.request.session.cycle_key()
        self._note(succeeded=True)

    def refuse(self, form: forms.Form | None) -> None:
        """Record that the form was wrong."""
        self._note(succeeded=False)

    def _note(self, *, succeeded: bool) -> None:
        note_reauthentication(
            user=self.request.user, session_id=self._session_id, succeeded=succeeded, method="password"
        )

    @property
    def _session_id(self) -> int | None:
        store = store_of(self.request)
        return store.session_id if store is not None else None

    def _signed_in_at(self) -> datetime | None:
        store = store_of(self.request)
        row = store.row if store is not None else None
        return row.signed_in_at if row else None


def reauthentication(request: HttpRequest) -> Reauthentication:
    """Return an object of the class that the setting names."""
    return import_string(conf.reauthentication)(request)

"""allauth's forms in the words of this site."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import LoginForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _


class SignInForm(LoginForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["remember"].label = _("Stay signed in on this device")


class AddKeyForm(AddWebAuthnForm):
    """Most people add the passkey of the device in their hands, so that is what is offered first."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["initial"] = {"name": gettext("My passkey"), "passwordless": True} | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)
        self.fields["passwordless"].label = _("Sign in with it alone, without the password")
        self.fields["passwordless"].help_text = _(
            "It then asks for your fingerprint, your face or its PIN. "
            "Untick this for a key that is only the second step."
        )

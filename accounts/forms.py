"""allauth's forms in the words of this site."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import AddEmailForm, LoginForm, ResetPasswordForm, SignupForm
from allauth.core import context as current
from allauth.mfa.adapter import get_adapter
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.totp.internal.auth import SECRET_SESSION_KEY
from allauth.mfa.utils import is_mfa_enabled
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django.contrib.auth import get_user_model
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.credentials.addresses import REMEMBERED
from accounts.credentials.factor_secrets import seal, unseal
from accounts.models import VerifiedAddress
from accounts.signing_in.forgot_password import typed_address


class SignInForm(LoginForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["remember"].label = _("Stay signed in on this device")
        self.fields["password"].help_text = ""  # the page has a button that takes the address along


class ResetForm(ResetPasswordForm):
    """Begins with the address that was typed on the sign-in page."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["initial"] = {"email": typed_address(current.request)} | (kwargs.get("initial") or {})
        super().__init__(*args, **kwargs)


class SignUpForm(SignupForm):
    def validate_unique_email(self, value: str) -> str:
        """Return the address; also one that was taken from another account and leads its owner back has an account."""
        email: str = super().validate_unique_email(value)
        former = VerifiedAddress.objects.filter(
            email=email.lower(), removed_by_settled=False, removed_at__gt=timezone.now() - REMEMBERED
        )
        if former.exists():
            self.account_already_exists = True
        return email

    def try_save(self, request: HttpRequest) -> Any:
        """Save the account; where the address has one already, do the work of it all the same.

        Hashing the password takes most of the time of a sign-up, so that without it the answer would tell which
        addresses have an account. A mail is sent in both cases.
        """
        if self.account_already_exists:
            get_user_model()().set_password(self.cleaned_data["password1"])
        return super().try_save(request)


class AddAddressForm(AddEmailForm):
    @property
    def refusal(self) -> str:
        """Why whoever has a second factor can add none; empty for everybody else. The page says so in its place."""
        return str(get_adapter().error_messages["add_email_blocked"]) if is_mfa_enabled(self.user) else ""


class AddKeyForm(AddWebAuthnForm):
    """Most people add the passkey of the device in their hands, so that is what is offered first."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["initial"] = {"name": gettext("My passkey"), "passwordless": True} | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)
        self.fields["passwordless"].label = _("Sign in with it alone, without your password")
        self.fields["passwordless"].help_text = _(
            "You then confirm with your fingerprint, your face or the key’s PIN. "
            "Untick this for a key that is only your second step."
        )


class AddAppForm(ActivateTOTPForm):
    """The secret of an app that is being set up waits in the session, which is a row like any other: encrypted."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.secret: str = unseal(self.secret)
        current.request.session[SECRET_SESSION_KEY] = seal(self.secret)

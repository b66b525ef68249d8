"""What this site tells django-allauth to do differently."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.reauthentication import did_recently_reauthenticate
from allauth.account.internal.flows.signup import send_unknown_account_mail
from allauth.account.utils import filter_users_by_email
from allauth.core import context as current
from allauth.core.internal import ratelimit
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse

from accounts.credentials.factor_secrets import seal, unseal
from accounts.credentials.factors import note_codes_read
from accounts.mail.language import asked_for, writing_to
from accounts.mail.links import on_this_site, site_of
from accounts.mail.sending import HEADERS, first_paragraph, in_one_line, send_or_wait
from accounts.signing_in.limits import ANYWHERE, APP, own_try, remember_reset
from accounts.signing_in.password_reset import may_reset
from accounts.signing_in.provider import identity
from sessions_ui import (
    begin_sign_in,
    client_network,
    mail_recovery_link,
    remember_provider,
    require_settled,
)
from sessions_ui.credentials import CredentialKind
from sessions_ui.models import ServiceAccount

# The views that show recovery codes, by the names of their URLs in whatever namespace; the last is the headless API's.
SHOW_CODES = {"mfa_view_recovery_codes", "mfa_download_recovery_codes", "manage_recovery_codes"}


class AccountAdapter(DefaultAccountAdapter):
    def get_client_ip(self, request: HttpRequest) -> str:
        """Return what the rate limits count by: the client's address, not the proxy's, as the devices page shows it. Of
        IPv6 it is the /64, because a client can take any of its addresses for each try."""
        return client_network(request) or "unknown"

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count the try: by the account and the client's network, and by the account with more room.

        By the account alone, five wrong passwords of anybody would keep its owner out. Where others have used up all of
        its tries, who is known has some of their own (`accounts/signing_in/limits.py`).
        """
        try:
            super().pre_authenticate(request, **credentials)
            if not request.user.is_authenticated:
                # Who confirms who they are is counted by session: their tries keep nobody from signing in.
                self.count_anywhere(request, name_in(credentials))
        except ValidationError:
            self._own_try = None if request.user.is_authenticated else own_try(request, name_in(credentials))
            if self._own_try is None:
                raise

    def count_anywhere(self, request: HttpRequest, name: str) -> None:
        self._failed_anywhere = ratelimit.consume(request, app=APP, action=ANYWHERE, key=name)
        if not self._failed_anywhere:
            raise self.validation_error("too_many_login_attempts")

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Return what a try counts by. No part of it is the request's host, as in allauth's own: each port that a
        client writes there would have a count of its own."""
        return f"{name_in(credentials)} {self.get_client_ip(request)}"

    def _rollback_login_failed_rl_usage(self) -> None:
        super()._rollback_login_failed_rl_usage()
        for usage in (getattr(self, "_failed_anywhere", None), getattr(self, "_own_try", None)):
            if usage:
                usage.rollback()

    def _delete_login_attempts_cached_email(self, request: HttpRequest, **credentials: Any) -> None:
        """Forget the tries of an account whose password was reset, those from all networks together as well, and let
        this browser sign in to it."""
        super()._delete_login_attempts_cached_email(request, **credentials)
        ratelimit.clear(request, app=APP, action=ANYWHERE, key=name_in(credentials))
        remember_reset(request, name_in(credentials))

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Return whether a change asks again who is there, as allauth decides.

        Who has neither a password nor a factor has nothing to show, and allauth would answer 403. What they change is
        guarded all the same (accounts/credentials/guard.py): a session that does not vouch for itself gives a mailed
        code.

        Whoever reads recovery codes has them, and no row is written then: so a session that does not vouch for itself
        is refused here, whichever view of allauth's shows them (its pages by other URLs, its headless API). When they
        were read last is kept.
        """
        user = current.request.user
        shows = shows_recovery_codes(current.request)
        if shows:
            require_settled(user=user, kind=CredentialKind.RECOVERY_CODES)
        is_required = super().is_reauthentication_required(app=app, **kwargs)
        is_required = is_required and bool(self.get_reauthentication_methods(user))
        if shows and (not is_required or did_recently_reauthenticate(current.request)):
            note_codes_read(user)
        return is_required

    def pre_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse | None:
        """Remember that the first step of a sign-in succeeded; a second factor or a mail may take minutes. What happens
        to the account meanwhile decides whether the last step still counts."""
        response = super().pre_login(request, user, **kwargs)
        begin_sign_in(request.session, user)
        if sociallogin := (kwargs.get("signal_kwargs") or {}).get("sociallogin"):
            remember_provider(request, user, **identity(sociallogin))
        return response

    def is_safe_url(self, url: str) -> bool:
        """Return whether `next` may lead there: as allauth decides, but from a site that is HTTPS only never to plain
        HTTP, where somebody on the way could answer in its name. What is no URL leads nowhere."""
        try:
            if not super().is_safe_url(url):
                return False
        except ValueError:  # "http://[": allauth's own check takes anything for a URL
            return False
        is_https = settings.SESSION_COOKIE_SECURE or current.request.is_secure()
        return not is_https or urlsplit(url).scheme in ("", "https")

    def save_user(self, request: HttpRequest, user: Any, form: Any, commit: bool = True) -> Any:
        """Save somebody who signs up, with the language of the pages as that of their mails."""
        user.language = asked_for(request)
        return super().save_user(request, user, form, commit)

    def set_password(self, user: Any, password: str) -> None:
        """Save the password, and nothing else of the user: whoever was disabled while they typed stays so."""
        user.set_password(password)
        user.save(update_fields=["password"])

    def send_password_reset_mail(self, user: Any, email: str, context: dict[str, Any]) -> None:
        """Send the link to the recovery in its place while there is one: to an address that is the owner's, whatever
        address was typed in.

        An address that nobody has confirmed resets no password of an account that has a confirmed one: it may have a
        typing error in it, or be a thief's. Who has typed it in reads that no account has it. A service account has no
        password to sign in with, and a reset would end its tokens.
        """
        is_service = ServiceAccount.is_one(user.pk)
        if not is_service and mail_recovery_link(user=user):
            return
        if not is_service and may_reset(user, email):
            super().send_password_reset_mail(user, email, context)
        else:
            send_unknown_account_mail(context.get("request", current.request), email)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send a mail as allauth does, and keep what cannot be sent now: signing up and resetting a password need no
        mail server."""
        send_or_wait(self.write_mail(template_prefix, email, context))

    def write_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> EmailMessage:
        """Write a mail of allauth's in the language of whoever gets it, with links to SITE_URL."""
        request = current.request
        site = site_of(request)
        about = {
            "request": request,
            "email": email,
            "current_site": site,
            "site": site.domain,
            "devices_url": request.build_absolute_uri(reverse("sessions_ui:devices")),
        }
        with writing_to(reader_of(template_prefix, email, context)):
            return self.render_mail(template_prefix, email, on_this_site(about | context, request))

    def render_mail(
        self, template_prefix: str, email: Any, context: dict[str, Any], headers: dict[str, str] | None = None
    ) -> EmailMessage:
        """Write the mail from the templates that allauth names, `*_message.html` among them, with what their frame
        (`sessions_ui/mail/base.html`) shows. What a client said of itself keeps to its line."""
        context = {name: in_one_line(value) for name, value in context.items()}
        request = current.request
        text = render_to_string(f"{template_prefix}_message.txt", context, request)
        subject = render_to_string(f"{template_prefix}_subject.txt", context)
        frame = {"subject": " ".join(subject.split()), "preheader": first_paragraph(text)}
        return super().render_mail(template_prefix, email, context | frame, HEADERS | (headers or {}))


class FactorAdapter(DefaultMFAAdapter):
    """What allauth stores of second factors is encrypted."""

    def encrypt(self, text: str) -> str:
        return seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        return unseal(encrypted_text)


def shows_recovery_codes(request: HttpRequest) -> bool:
    match = request.resolver_match
    return match is not None and match.url_name in SHOW_CODES


def reader_of(template_prefix: str, email: str, context: dict[str, Any]) -> Any:
    """Return the user who reads this mail, None where nobody has the address.

    Nobody is looked for where the mail says that no account has it: its language must not tell otherwise.
    """
    if template_prefix == "account/email/unknown_account":
        return None
    users = [context["user"]] if context.get("user") else filter_users_by_email(email, prefer_verified=True)
    return users[0] if len(users) == 1 else None


def name_in(credentials: dict[str, Any]) -> str:
    """Return by which name somebody tried to sign in."""
    return str(credentials.get("email") or credentials.get("username") or "").lower()

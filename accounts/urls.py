"""allauth's pages, as this site has them: whoever has to prove something before a change is asked before the form, and
who is settled is held up by nobody else's tries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from allauth.urls import urlpatterns as pages_of_allauth
from django.urls import URLPattern, URLResolver

from accounts.mail.sending import send_after
from accounts.signing_in.limits import with_own_tries
from sessions_ui.credentials import CredentialKind
from sessions_ui.web import account_held, settled_required

# The page of addresses and that of connected accounts are looked at by many who change nothing: a POST is asked.
ASKED = {
    "account_change_password": settled_required(CredentialKind.PASSWORD),
    "account_set_password": settled_required(CredentialKind.PASSWORD),
    "mfa_activate_totp": settled_required(CredentialKind.TOTP),
    "mfa_deactivate_totp": settled_required(CredentialKind.TOTP),
    "mfa_add_webauthn": settled_required(CredentialKind.PASSKEY),
    "mfa_remove_webauthn": settled_required(CredentialKind.PASSKEY),
    "mfa_generate_recovery_codes": settled_required(CredentialKind.RECOVERY_CODES),
    # Whoever reads them has them.
    "mfa_view_recovery_codes": settled_required(CredentialKind.RECOVERY_CODES),
    "mfa_download_recovery_codes": settled_required(CredentialKind.RECOVERY_CODES),
    "socialaccount_connections": settled_required(CredentialKind.PROVIDER, methods=("POST",)),
}
# Which write what somebody signs in with, in a session of theirs: each is one transaction, so that a session which has
# ended meanwhile writes nothing. Connecting an account at a provider is a redirect from there, which signs in as well:
# what it writes is taken back (accounts/credentials/guard.py).
HELD = {
    "account_email",
    "account_change_password",
    "account_set_password",
    "mfa_activate_totp",
    "mfa_deactivate_totp",
    "mfa_generate_recovery_codes",
    "mfa_add_webauthn",
    "mfa_edit_webauthn",
    "mfa_remove_webauthn",
    "socialaccount_connections",
}


def asked_beforehand(patterns: Iterable[URLPattern | URLResolver]) -> Iterator[URLPattern | URLResolver]:
    """Yield copies of the patterns, with the views decorated that are named above and in `limits.py`."""
    for one in patterns:
        if isinstance(one, URLResolver):
            inner = list(asked_beforehand(one.url_patterns))
            yield URLResolver(one.pattern, inner, one.default_kwargs, one.app_name, one.namespace)
        else:
            view = with_own_tries(str(one.name), one.callback)
            view = send_after(account_held(view)) if one.name in HELD else view
            # Around the transaction, because a question may send a code, and be refused one. What is written is asked
            # for again where it is written.
            view = ASKED[one.name](view) if one.name in ASKED else view
            yield URLPattern(one.pattern, view, one.default_args, one.name)


urlpatterns = list(asked_beforehand(pages_of_allauth))

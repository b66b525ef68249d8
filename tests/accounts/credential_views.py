"""Which views of allauth write a credential, and how: each as a person does it, from the form to the answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from cryptography.hazmat.primitives.asymmetric import ec
from django.urls import URLPattern, URLResolver, reverse
from fido2.cose import ES256
from fido2.utils import sha256, websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData, CollectedClientData

from config.demo.factor import current_code
from tests.accounts.journeys import NEW_PASSWORD
from tests.conftest import PASSWORD

Act = Callable[[Any], Any]
SECOND = "second@people.example"


def post(client: Any, name: str, data: dict[str, str] | None = None, *args: Any) -> Any:
    return client.post(reverse(name, args=args), data or {})


def add_address(client: Any) -> Any:
    return post(client, "account_email", {"action_add": "1", "email": "evil@thief.example"})


def remove_address(client: Any) -> Any:
    return post(client, "account_email", {"action_remove": "1", "email": SECOND})


def make_main(client: Any) -> Any:
    return post(client, "account_email", {"action_primary": "1", "email": SECOND})


def change_password(client: Any) -> Any:
    new = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    return post(client, "account_change_password", {"oldpassword": PASSWORD, **new})


def set_password(client: Any) -> Any:
    return post(client, "account_set_password", {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})


def add_app(client: Any) -> Any:
    page = client.get(reverse("mfa_activate_totp"))
    assert page.status_code == 200
    form = (page.context or {}).get("form")
    secret = getattr(form, "secret", "JBSWY3DPEHPK3PXP")
    return post(client, "mfa_activate_totp", {"code": current_code(secret)})


def remove_app(client: Any) -> Any:
    return post(client, "mfa_deactivate_totp")


def new_codes(client: Any) -> Any:
    return post(client, "mfa_generate_recovery_codes")


def add_key(client: Any) -> Any:
    assert client.get(reverse("mfa_add_webauthn")).status_code == 200
    state = client.session.get("mfa.webauthn.state", {})
    data = {"name": "Thief's", "credential": json.dumps(registration(state.get("challenge", "")))}
    return post(client, "mfa_add_webauthn", data)


def registration(challenge: str) -> dict[str, Any]:
    """What a browser answers with a new security key."""
    public_key = ES256.from_cryptography_key(ec.generate_private_key(ec.SECP256R1()).public_key())
    credential = AttestedCredentialData.create(b"\0" * 16, b"another key", public_key)
    flags = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.UV | AuthenticatorData.FLAG.AT
    data = AuthenticatorData.create(sha256(b"testserver"), flags, 0, credential)
    client = CollectedClientData.create("webauthn.create", challenge, "https://testserver")
    key_id = websafe_encode(b"another key")
    response = {
        "clientDataJSON": websafe_encode(client),
        "attestationObject": websafe_encode(AttestationObject.create("none", data, {})),
    }
    return {"id": key_id, "rawId": key_id, "type": "public-key", "response": response}


def remove_key(client: Any) -> Any:
    key = Authenticator.objects.get(type=Authenticator.Type.WEBAUTHN)
    return post(client, "mfa_remove_webauthn", {}, key.pk)


WRITES: dict[str, tuple[Act, ...]] = {
    "account_email": (add_address, remove_address, make_main),
    "account_change_password": (change_password,),
    "account_set_password": (set_password,),
    "mfa_activate_totp": (add_app,),
    "mfa_deactivate_totp": (remove_app,),
    "mfa_generate_recovery_codes": (new_codes,),
    "mfa_add_webauthn": (add_key,),
    "mfa_remove_webauthn": (remove_key,),
}
# Which write no credential of somebody who is signed in, or by a link that was mailed.
OTHERS = {
    "account_login",
    "account_logout",
    "account_inactive",
    "account_signup",
    "account_reauthenticate",
    "account_request_reauthentication_code",
    "account_confirm_reauthentication_code",
    "account_email_verification_sent",
    "account_confirm_email",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
    "account_confirm_login_code",
    "mfa_index",
    "mfa_authenticate",
    "mfa_reauthenticate",
    "mfa_list_webauthn",
    "mfa_reauthenticate_webauthn",
    "mfa_edit_webauthn",
    "mfa_login_webauthn",
}
# Which show what lets somebody in, and write nothing.
SHOWS = {"mfa_view_recovery_codes", "mfa_download_recovery_codes"}

# The same of the headless API, by method and address.
Api = Callable[..., Any]


def sends(**data: Any) -> Callable[[Api, str, str, Any], Any]:
    return lambda api, method, address, user: api(method, address, data)


def api_adds_app(api: Api, method: str, address: str, user: Any) -> Any:
    secret = api("get", address, {}).json()["meta"]["secret"]
    return api(method, address, {"code": current_code(secret)})


def api_adds_key(api: Api, method: str, address: str, user: Any) -> Any:
    options = api("get", address, {}).json()["data"]["creation_options"]
    challenge = options["publicKey"]["challenge"]
    return api(method, address, {"name": "Thief's", "credential": registration(challenge)})


def api_removes_key(api: Api, method: str, address: str, user: Any) -> Any:
    keys = Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN)
    return api(method, address, {"authenticators": [key.pk for key in keys]})


API_WRITES: dict[tuple[str, str], Callable[[Api, str, str, Any], Any]] = {
    ("post", "account/password/change"): sends(current_password=PASSWORD, new_password=NEW_PASSWORD),
    ("post", "account/email"): sends(email="evil@thief.example"),
    ("patch", "account/email"): sends(email=SECOND, primary=True),
    ("delete", "account/email"): sends(email=SECOND),
    ("post", "account/authenticators/totp"): api_adds_app,
    ("delete", "account/authenticators/totp"): sends(),
    ("post", "account/authenticators/recovery-codes"): sends(),
    ("post", "account/authenticators/webauthn"): api_adds_key,
    ("delete", "account/authenticators/webauthn"): api_removes_key,
}
# Which allauth refuses to who has a second factor.
WITHOUT_FACTOR = {("post", "account/email"), ("post", "account/authenticators/totp")}
API_SHOWS = {("get", "account/authenticators/recovery-codes")}
# What signs in and out, confirms, or lists without a secret; and phones, which this site's adapter knows none of.
API_OTHERS = {
    ("get", "config"),
    ("get", "auth/session"),
    ("delete", "auth/session"),
    ("post", "auth/reauthenticate"),
    ("post", "auth/code/confirm"),
    ("post", "auth/reauthenticate/code/request"),
    ("post", "auth/reauthenticate/code/confirm"),
    ("post", "auth/reauthenticate/code/resend"),
    ("post", "auth/password/request"),
    ("get", "auth/password/reset"),
    ("post", "auth/password/reset"),
    ("post", "auth/login"),
    ("post", "auth/signup"),
    ("get", "auth/email/verify"),
    ("post", "auth/email/verify"),
    ("post", "auth/email/verify/resend"),
    ("post", "auth/phone/verify"),
    ("post", "auth/phone/verify/resend"),
    ("get", "account/email"),
    ("put", "account/email"),  # sends the mail that confirms one
    ("get", "account/phone"),
    ("post", "account/phone"),
    ("post", "auth/2fa/authenticate"),
    ("post", "auth/2fa/reauthenticate"),
    ("get", "auth/webauthn/authenticate"),
    ("post", "auth/webauthn/authenticate"),
    ("get", "auth/webauthn/reauthenticate"),
    ("post", "auth/webauthn/reauthenticate"),
    ("get", "auth/webauthn/login"),
    ("post", "auth/webauthn/login"),
    ("get", "account/authenticators"),
    ("get", "account/authenticators/totp"),  # a secret that is none yet
    ("get", "account/authenticators/webauthn"),  # what a browser is asked for
    ("put", "account/authenticators/webauthn"),  # its name
    ("post", "tokens/refresh"),
}
METHODS = ("get", "post", "put", "patch", "delete")


def names_in(patterns: Any) -> Iterator[str]:
    """The names of the views that a site has by these URLs."""
    for one in patterns:
        if isinstance(one, URLResolver):
            yield from names_in(one.url_patterns)
        elif isinstance(one, URLPattern):
            yield str(one.name)


def calls_in(patterns: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Method and address of all that these URLs answer."""
    for one in patterns:
        address = f"{prefix}{one.pattern}"
        if isinstance(one, URLResolver):
            yield from calls_in(one.url_patterns, address)
        else:
            view = one.callback.view_class
            yield from ((method, address) for method in METHODS if hasattr(view, method))


def state_of(user: Any) -> dict[str, Any]:
    """All rows by which somebody signs in to the account."""
    row = type(user).objects.filter(pk=user.pk).values("password", "email").get()
    addresses = EmailAddress.objects.filter(user=user).order_by("pk")
    factors = Authenticator.objects.filter(user=user).order_by("pk")
    return {
        **row,
        "addresses": list(addresses.values("email", "verified", "primary")),
        "factors": list(factors.values("pk", "type", "data", "created_at")),
    }

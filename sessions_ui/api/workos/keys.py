"""Keys of users, which are our access tokens: list, make, end, validate."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.views.decorators.debug import sensitive_variables

from sessions_ui.actions.endings.end import end_session
from sessions_ui.actions.tokens.authenticate import Bearer, authenticate_token
from sessions_ui.actions.tokens.by_program import create_token_by_program, set_end_by_program
from sessions_ui.actions.tokens.used import is_due, note_use
from sessions_ui.api.workos.errors import Refused, not_found, wrong
from sessions_ui.api.workos.fields import (
    LONGEST_VALUE,
    body_of,
    is_plain,
    moment_in,
    parameter,
    text_in,
    texts_in,
    user_called,
)
from sessions_ui.api.workos.paging import list_document, page_of, paging_of
from sessions_ui.conf import conf
from sessions_ui.conf.base import for_user
from sessions_ui.conf.secret_keys import secrets_of_settings
from sessions_ui.exceptions import BearerRefused, SessionEnded, TokenRefusal, TokenRefused
from sessions_ui.models import AccessToken, EndReason, Session
from sessions_ui.models.fields import PUBLIC_ID_ALPHABET, PUBLIC_ID_LENGTH
from sessions_ui.protocols import HasPk
from sessions_ui.wording.workos import key_document

LONGEST_NAME = 100
USUAL_LIFE = timedelta(days=366)  # where TOKEN_MAX_AGE sets no limit; every key has an end here
# Which field is wrong, of what `create_token()` refuses.
FIELDS = {
    TokenRefusal.NO_NAME: "name",
    TokenRefusal.NO_SCOPE: "permissions",
    TokenRefusal.UNKNOWN_SCOPE: "permissions",
    TokenRefusal.IN_THE_PAST: "expires_at",
    TokenRefusal.TOO_LONG: "expires_at",
    TokenRefusal.TOO_MANY: "user_id",
    TokenRefusal.NO_OWNER: "user_id",
    TokenRefusal.NOT_A_MEMBER: "organization_id",
}
MESSAGES = {
    TokenRefusal.NO_NAME: "`name` says nothing.",
    TokenRefusal.NO_SCOPE: "`permissions` is required: scopes of this site.",
    TokenRefusal.UNKNOWN_SCOPE: "`permissions` has a scope that this site does not know.",
    TokenRefusal.IN_THE_PAST: "`expires_at` has to be a moment that is still to come.",
    TokenRefusal.TOO_LONG: "`expires_at` is too far away.",
    TokenRefusal.TOO_MANY: "The user has as many keys as they may have.",
    TokenRefusal.NO_OWNER: "Nobody answers for this service account.",
    TokenRefusal.NOT_A_MEMBER: "The user does not belong to this organization.",
}


def list_keys(request: HttpRequest, bearer: Bearer, *, user_id: str) -> HttpResponse:
    """Answer with the valid keys of this user, the newest first; of one organization, where it is said."""
    user = user_called(user_id)
    paging = paging_of(request, order="desc")
    living = Session.objects.of(user).living().tokens()
    living = living.select_related("token").defer("payload")
    if organization := parameter(request, "organization_id"):
        living = living.filter(organization_id=organization)
    page = page_of(living, paging, key="pk", place_of=lambda cursor: _place_of(cursor, user))
    return JsonResponse(list_document(page, paging, [_document(each) for each in page.rows]))


def _place_of(public_id: str, user: Any) -> int | None:
    rows = Session.objects.of(user).tokens().filter(public_id=public_id)
    return rows.values_list("pk", flat=True).first()


def _document(session: Session) -> dict[str, Any]:
    token: AccessToken = session.token
    token._state.fields_cache["session"] = session
    return key_document(token)


@sensitive_variables("made")
def create_key(request: HttpRequest, bearer: Bearer, *, user_id: str) -> HttpResponse:
    """Make a key of this user, and answer with its value, which nobody is shown again."""
    user = user_called(user_id)
    body = body_of(request)
    name = text_in(body, "name", longest=LONGEST_NAME)
    organization_id = text_in(body, "organization_id")
    scopes = texts_in(body, "permissions")
    expires_at = moment_in(body, "expires_at") or latest_end(user)
    try:
        made = create_token_by_program(
            bearer=bearer,
            user=user,
            name=name,
            scopes=scopes,
            expires_at=expires_at,
            organization_id=organization_id,
            public_id=public_id_for(request, bearer, user),
        )
    except TokenRefused as refused:
        raise in_words(refused) from refused
    return JsonResponse({**key_document(made.token), "value": made.value}, status=201)


def latest_end(user: Any) -> datetime:
    """Return the latest end that a key of this user may have: with WorkOS one may be without, here none is."""
    return timezone.now() + (for_user(conf.token_max_age, user) or USUAL_LIFE)


def public_id_for(request: HttpRequest, bearer: Bearer, user: HasPk) -> str:
    """Return the id that the key of this request gets, whichever try of the client it is; empty without an
    `Idempotency-Key`.

    So a try whose answer was lost makes no second key. Its value is stored nowhere: the next try is told that the key
    was made, and whoever needs the value ends that key, and makes another. Of another user, or by another program, it
    is another key. What names the program is its id, which stays when its token gets another value.
    """
    if not (given := request.headers.get("Idempotency-Key", "")):
        return ""
    # An id made up by others names nothing. Once SECRET_KEY was changed the former one says which key was made under
    # it, as long as it is among the fallbacks; without, a try from before the change makes a second key.
    asked = f"{bearer.session.public_id}\n{user.pk}\n{given}"
    latest, *former = [_public_id(asked, secret) for secret in secrets_of_settings()]
    made = former and Session.objects.filter(public_id__in=former).values_list("public_id", flat=True).first()
    return made or latest


def _public_id(asked: str, secret: str | bytes) -> str:
    digest = salted_hmac("sessions_ui.workos.key", asked, secret=secret, algorithm="sha256").digest()
    return "".join(PUBLIC_ID_ALPHABET[byte % len(PUBLIC_ID_ALPHABET)] for byte in digest[:PUBLIC_ID_LENGTH])


def in_words(refused: TokenRefused) -> Refused:
    """Return why no key was made, as WorkOS's clients read it."""
    if refused.reason is TokenRefusal.MADE_BEFORE:
        message = (
            "This key was made by a request with the same Idempotency-Key. Its value is not shown again."
        )
        return Refused(409, "idempotency_key_used", message)
    if (field := FIELDS.get(refused.reason)) is None:
        return Refused(
            403, str(refused.reason), "A program is not allowed to create this key, or not for this user."
        )
    return wrong(field, str(refused.reason), MESSAGES[refused.reason])


def key_called(identity: str) -> AccessToken:
    """Return the key with this id, whether or not it has ended."""
    rows = AccessToken.objects.with_containment().select_related("session").defer("session__payload")
    token = rows.filter(session__public_id=identity).first() if is_plain(identity) else None
    if token is None:
        raise not_found("API key")
    return token


def delete_key(request: HttpRequest, bearer: Bearer, *, key_id: str) -> HttpResponse:
    """End the key; one that has ended is not there any more."""
    token = key_called(key_id)
    if token.is_over:
        raise not_found("API key")
    _end(token, bearer)
    return HttpResponse(status=204)


def expire_key(request: HttpRequest, bearer: Bearer, *, key_id: str) -> HttpResponse:
    """End the key now, or at a moment that is still to come; with null as late as it may end."""
    body = body_of(request)
    now = timezone.now()
    expires_at = moment_in(body, "expires_at")
    token = key_called(key_id)
    if not token.is_living:
        raise already_expired()
    if expires_at is None and "expires_at" in body:
        expires_at = latest_end(token.session.user)
    try:
        if expires_at is None or expires_at <= now:
            _end(token, bearer)
            token.session.refresh_from_db()
            token.session.expires_at = token.session.ended_at or now  # the document says when it was over
        else:
            token = set_end_by_program(bearer=bearer, token=token, expires_at=expires_at)
    except TokenRefused as refused:
        raise in_words(refused) from refused
    except SessionEnded as ended:
        if Session.objects.filter(pk=bearer.session_id, ended_at__isnull=True).exists():
            raise already_expired() from ended
        raise  # that of the program itself
    return JsonResponse(key_document(token))


def already_expired() -> Refused:
    return Refused(409, "api_key_already_expired", "This API key has ended.")


def _end(token: AccessToken, bearer: Bearer) -> None:
    end_session(session=token.session, reason=EndReason.API, actor=bearer.user)


@sensitive_variables("value", "found")
def validate_key(request: HttpRequest, bearer: Bearer) -> HttpResponse:
    """Answer with the key that has this value; null where it is none, or over. Being asked about is a use of it."""
    value = text_in(body_of(request), "value", longest=LONGEST_VALUE)
    try:
        found = authenticate_token(value)
    except BearerRefused:
        return JsonResponse({"api_key": None})
    now = timezone.now()
    if is_due(found, now):
        note_use(bearer=found, client=None, now=now)
    return JsonResponse({"api_key": key_document(key_called(found.session.public_id))})

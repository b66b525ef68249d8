"""Give an access token another value; the former one stays valid for an overlap."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from sessions_ui import context
from sessions_ui.actions.credentials.changed import credential_changed
from sessions_ui.actions.endings.offboard import kept_to_latest_end
from sessions_ui.actions.tokens.create import (
    NewToken,
    allowed_end,
    hold_account,
    hold_session,
    kind_of,
    verify_may_make,
)
from sessions_ui.conf import conf
from sessions_ui.credentials import CredentialChange, CredentialKind
from sessions_ui.database.transactions import atomically
from sessions_ui.exceptions import SessionEnded
from sessions_ui.models import AccessToken, EndReason, Session, digest_of
from sessions_ui.protocols import HasPk
from sessions_ui.token_value import hint_of, new_value


@atomically
def rotate_token(
    *, token: AccessToken, expires_at: datetime | None = None, actor: HasPk | None = None
) -> NewToken:
    """Give the token a new value, and return it: the same token, with the same scopes and history.

    The former value is valid for `TOKEN_ROTATION_OVERLAP` more, so that whatever uses it can be told; the one before
    that, should there be one, ends now. `expires_at` is its new end; left out, that stays. `actor` as for
    `create_token()`, which says what is asked of whoever does it, and what is raised; `SessionEnded` where the token is
    over.
    """
    context.require_owner()
    now = timezone.now()
    user = token.session.user
    if user is None:
        raise SessionEnded(EndReason.ACCOUNT_DELETED)
    acting = verify_may_make(user)
    account, _backend, state = hold_account(user, acting)
    rows, session = hold_session(token)
    value = new_value(kind_of(state, token.agent))
    context.conceal(value)
    end = {} if expires_at is None else {"expires_at": allowed_end(expires_at, account, now)}
    columns = {
        "digest": digest_of(value, Session.Kind.TOKEN),
        "previous_digest": session.digest,
        "rotated_at": now,
        **end,
    }
    rows.update(**kept_to_latest_end(columns))
    AccessToken.objects.filter(pk=token.pk).update(
        hint=hint_of(value),
        overlap_ends_at=now + conf.token_rotation_overlap,
        former_used_at=None,
        warned_at=None,
    )
    token = AccessToken.objects.select_related("session").get(pk=token.pk)
    credential_changed(
        user=account,
        kind=CredentialKind.TOKEN,
        change=CredentialChange.CHANGED,
        label=token.name,
        actor=actor,
        about=session,
    )
    return NewToken(token, value)

"""Translate Django's own signals into actions. Connected in `ready()`."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib.auth import BACKEND_SESSION_KEY, SESSION_KEY, get_user_model
from django.contrib.auth.models import AnonymousUser, Group, Permission
from django.contrib.auth.signals import user_logged_in
from django.db import connections
from django.db.models import Model, QuerySet
from django.db.models.signals import m2m_changed, post_save, pre_delete, pre_save

from sessions_ui import context
from sessions_ui.actions.credentials.changed import end_and_tell
from sessions_ui.actions.credentials.guard import verify_settled
from sessions_ui.actions.credentials.password import password_changed
from sessions_ui.actions.endings.bridged.late_credentials import end_late_credentials
from sessions_ui.actions.endings.changes import memberships
from sessions_ui.actions.endings.changes.access import access_changed
from sessions_ui.actions.endings.changes.email import email_changed, tell_old_address
from sessions_ui.actions.endings.end import Receipt, end_user_sessions
from sessions_ui.actions.endings.require_password import new_password_was_chosen, verify_is_another
from sessions_ui.actions.recovery.freeze import verify_account_not_frozen
from sessions_ui.actions.sign_in.attempt import attempt_of
from sessions_ui.actor import current_actor
from sessions_ui.bridges.active import bridges
from sessions_ui.bridges.protocol import Bridge
from sessions_ui.conf import conf
from sessions_ui.credentials import CredentialKind
from sessions_ui.database.transactions import follow, retried
from sessions_ui.exceptions import SessionEnded, SignInChallenged, SignInRefused, TryAgain
from sessions_ui.models import EndReason
from sessions_ui.models.locking import locked
from sessions_ui.models.primary import all_users
from sessions_ui.models.senders import (
    accounts_of,
    for_every_model,
    is_account,
    is_part_of_account,
    written_fields,
)
from sessions_ui.store import SessionStore, acting_store
from sessions_ui.user_model import account_key, email_field_name

logger = logging.getLogger(__name__)


def connect() -> None:
    user_logged_in.connect(on_signed_in)
    for_every_model(bind)
    for table in memberships.tables():
        m2m_changed.connect(before_rights_change, sender=table)
    for bridge in bridges():
        watch_credentials(bridge)


def watch_credentials(bridge: Bridge) -> None:
    """Connect what concerns new credentials of another package."""
    try:
        models = bridge.models()
    except Exception as error:
        logger.error("The bridge %s cannot be watched: %s", bridge.name, type(error).__name__)
        return
    for model in models:
        made = partial(after_credential_made, bridge)
        post_save.connect(made, sender=model, weak=False, dispatch_uid=f"sessions_ui.bridges.{bridge.name}")


def bind(sender: type[Model], **kwargs: Any) -> None:
    """Connect what concerns this one model; nothing, for nearly every model."""
    if is_part_of_account(sender):
        pre_save.connect(before_user_save, sender=sender)
        post_save.connect(after_user_save, sender=sender)
    # Whatever row of a parent or a child is deleted, Django sends the user's own as well where that goes with it.
    if is_account(sender):
        pre_delete.connect(before_user_delete, sender=sender)
    if issubclass(sender, Group):
        pre_delete.connect(before_group_delete, sender=sender)
    if issubclass(sender, Permission):
        pre_delete.connect(before_permission_delete, sender=sender)


def on_signed_in(sender: Any, request: Any, user: Any, **kwargs: Any) -> None:
    """Sign the user in to the session of the request.

    `request` is None where Django Channels signs in: the store finds out who that is in which session when it is saved.
    """
    store = getattr(request, "session", None)
    if not isinstance(store, SessionStore):
        return
    if store.get(SESSION_KEY) != user._meta.pk.value_to_string(user):
        return  # a receiver before this one has signed out again, or has signed somebody else in
    if store.has_signed_in_by_saving:
        return  # a receiver before this one has saved the session
    try:
        store.sign_in(attempt_of(request, user, backend=store[BACKEND_SESSION_KEY]))
    except SignInRefused as refused:
        forget_user(request)
        if not isinstance(refused, SignInChallenged):  # which keeps what waits in the session
            store.turn_away()
        raise


def forget_user(request: Any) -> None:
    """Remove the user from the request: Django names them there before it tells of a sign-in.

    Whoever swallows the refusal must not let them act until the response is there.
    """

    async def nobody() -> AnonymousUser:
        return AnonymousUser()

    if hasattr(request, "user"):
        request.user = AnonymousUser()
        request.auser = nobody


def before_user_save(
    sender: Any, instance: Any, using: str, raw: bool = False, update_fields: Any = None, **kwargs: Any
) -> None:
    """Remember what the account was.

    In a transaction of the host its row is locked, so that nobody changes it between this look and the save.
    """
    written = {field.attname for field in written_fields(instance, raw=raw, update_fields=update_fields)}
    written &= {*columns_of(get_user_model())}
    if watched := [name for name in watched_fields() if name in written]:
        stored = accounts_of(instance, using)
        # An instance that was not fetched can have the key of a row that is there: then it is written over. Nothing is
        # locked where none is: MariaDB would lock the gap, and two new accounts could wait for each other.
        if instance._state.adding and not retried(stored.exists, using=using):
            return
        if connections[using].in_atomic_block:
            stored = locked(stored)
        before = retried(stored.values("pk", *watched).first, using=using)
        instance.__dict__["_sessions_ui_before"] = before
        if before and changes_sign_in(instance, before, update_fields):
            verify_account_not_frozen(before["pk"])
        if before:
            guard_credentials(instance, before, update_fields)
            keep_taken_rights(instance, before, update_fields)
        if isinstance(instance, get_user_model()) and before:
            before_password_change(instance, before.get("password"))


def is_own_save(pk: Any) -> bool:
    """Return whether the account with this primary key is saved by its own user, or by a request that resets its
    password: a step of a recovery, too."""
    now = context.current()
    if now is None or now.impersonator_id is not None:
        return False
    return now.user_id == pk or now.resets_password or context.is_own_step()


def keep_taken_rights(instance: Any, before: dict[str, Any], update_fields: Any) -> None:
    """Keep what was taken from the account since this request has read it.

    What people fill in for themselves is saved with all fields as they were read: an account that was disabled
    meanwhile would be active again, and who is no staff any more would be. Whoever means to give something back names
    the field in `update_fields`. Staff that gives itself a right, in the administration say, has one already.
    """
    if update_fields is not None or not is_own_save(before["pk"]):
        return
    names = ["is_active"]
    is_staff = before.get("is_staff") or before.get("is_superuser")
    if not is_staff or before.get("password") != instance.password:
        names += conf.access_flags
    for name in names:
        if name in before and not before[name] and getattr(instance, name):
            setattr(instance, name, before[name])


def guard_credentials(instance: Any, before: dict[str, Any], update_fields: Any) -> None:
    """Raise `FurtherProofNeeded` before a session that may not changes the password, address or name of its user, and
    `SamePassword` before whoever sets one that is void. A hash that nobody made by `set_password()` tells nothing."""
    changed = [name for name in before if before[name] != getattr(instance, name)]
    if "password" in changed and not is_hash_upgrade(instance, update_fields):
        verify_settled(before["pk"], CredentialKind.PASSWORD)
        verify_is_another(before["pk"], instance.__dict__.get("_password"), before["password"])
    email = email_field_name()
    if email in changed and (before[email] or "").lower() != (getattr(instance, email) or "").lower():
        verify_settled(before["pk"], CredentialKind.ADDRESS)
    if name_field() != email and name_field() in changed:
        verify_settled(before["pk"], CredentialKind.ADDRESS)  # under another name its owner does not get in


def changes_sign_in(instance: Any, before: dict[str, Any], update_fields: Any) -> bool:
    """Return whether this save changes by what the account is signed in to: its name, its password, or its address."""
    name, email = name_field(), email_field_name()
    if name != email and name in before and before[name] != getattr(instance, name):
        return True
    if email in before and (before[email] or "") != (getattr(instance, email) or ""):
        return True
    is_new_password = "password" in before and before["password"] != instance.password
    return is_new_password and not is_hash_upgrade(instance, update_fields)


def before_password_change(user: Any, stored: str | None) -> None:
    """Tell the session that changes its own password of it before the user is saved.

    A request of it in between must not be refused for the old one.
    """
    if stored is None or stored == user.password or not keeps_own(user):
        return
    if (store := acting_store()) is not None:
        store.expect_password_change(user)


def columns_of(model: Any) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields]


def name_field() -> str:
    """Return the column of the name that people sign in by."""
    return get_user_model()._meta.get_field(get_user_model().USERNAME_FIELD).attname  # type: ignore[union-attr]


def watched_fields() -> tuple[str, ...]:
    """Return the fields that an ending may depend on; a save that writes none of them costs nothing."""
    email = email_field_name()
    names = ("password", "is_active", name_field(), *((email,) if email else ()), *conf.access_flags)
    return tuple(dict.fromkeys(names))


def after_user_save(sender: Any, instance: Any, using: str, update_fields: Any = None, **kwargs: Any) -> None:
    before = instance.__dict__.pop("_sessions_ui_before", None)
    if not before:
        return
    user = instance
    if not isinstance(instance, get_user_model()) or instance.pk != before["pk"]:
        user = accounts_of(instance, using).get()
    steps: list[Callable[[], object]] = []
    has_changed = "password" in before and before["password"] != user.password
    is_new = has_changed and not is_hash_upgrade(instance, update_fields)
    tell = partial(password_changed, user, before.get("password") or "")
    if before.get("is_active") and not user.is_active:
        steps.append(partial(end, user, EndReason.ACCOUNT_DISABLED))
        steps += [tell] if is_new else []
    elif is_new:
        steps.append(partial(new_password_was_chosen, user))
        steps.append(partial(end_and_tell, partial(after_password_change, user), tell))
    elif has_changed:
        steps.append(partial(after_password_change, user))
    if any(before.get(flag) and not getattr(user, flag) for flag in conf.access_flags):
        steps.append(partial(end_access_of, all_users().filter(pk=user.pk)))
    email = email_field_name()
    if email is not None and email in before:
        old, new = before[email] or "", getattr(user, email) or ""
        if old.lower() != new.lower():
            steps.append(partial(after_email_change, user, old, using=using))
    follow(steps, using=using)


def end(user: Any, reason: EndReason) -> None:
    end_user_sessions(user=user, reason=reason, actor=current_actor())


def after_email_change(user: Any, old: str, *, using: str) -> None:
    """Tell the old address, also where nothing could be ended.

    Otherwise nobody would notice the change any more, and the owner is the one who can do something about it.
    """
    try:
        email_changed(user=user, old=old, actor=current_actor())
    except (TryAgain, SessionEnded):
        if not connections[using].in_atomic_block:
            tell_old_address(user=user, old=old, actor=current_actor())
        raise


def is_hash_upgrade(user: Any, update_fields: Any) -> bool:
    """Return whether this save is a hash upgrade as `AbstractBaseUser.check_password()` makes one.

    That happens where the model goes without `HashUpgradeMixin`: this field alone is saved, the raw password forgotten.
    It is the old password, and must not pass for the new one that was required.
    """
    forgotten = user.__dict__.get("_password", "") is None
    return forgotten and update_fields is not None and set(update_fields) == {"password"}


def after_password_change(user: Any) -> Receipt:
    """End sessions after a change of the password; return what ended.

    A change keeps the session that made it; a reset, or a change by somebody else, keeps none. Access tokens stay only
    where the owner changed it, and not because somebody else was in the account: whoever sets somebody's password, or
    recovers their own account, may have to shut somebody out.
    """
    now = context.current()
    actor = current_actor()
    if now is not None and (now.resets_password or actor.pk is None):
        return end_user_sessions(user=user, reason=EndReason.PASSWORD_RESET, actor=actor)
    if now is not None and keeps_own(user):
        store = acting_store()
        if store is not None:
            store.keep_after_password_change(user)
        return end_user_sessions(
            user=user,
            reason=EndReason.PASSWORD_CHANGED,
            actor=actor,
            keep=now.session_id,
            tokens=True if context.is_own_step() else None,
        )
    is_own = actor.pk is not None and actor.pk == account_key(user) and not context.is_own_step()
    return end_user_sessions(
        user=user, reason=EndReason.PASSWORD_CHANGED, actor=actor, tokens=None if is_own else True
    )


def keeps_own(user: Any) -> bool:
    """Return whether a change of this user's password keeps the session that makes it."""
    now, actor = context.current(), current_actor()
    if now is None or now.resets_password or actor.pk is None or actor.pk != account_key(user):
        return False
    return conf.password_change_ends != "all"  # noqa: S105  not a password


def before_user_delete(sender: Any, instance: Any, **kwargs: Any) -> None:
    end_user_sessions(user=instance, reason=EndReason.ACCOUNT_DELETED, actor=current_actor())


def before_rights_change(
    sender: Any, instance: Any, action: str, reverse: bool, pk_set: Any = None, **kwargs: Any
) -> None:
    """End the sessions of those who lose groups or permissions, in the transaction that takes them away."""
    if action in ("pre_remove", "pre_clear") and memberships.are_watched():
        losing = memberships.losing(sender, instance, reverse=reverse, pk_set=pk_set)
        if losing is not None:
            end_access_of(losing)


def before_group_delete(sender: Any, instance: Any, **kwargs: Any) -> None:
    if memberships.are_watched():
        end_access_of(memberships.members_of(memberships.watched_groups().filter(pk=instance.pk)))


def before_permission_delete(sender: Any, instance: Any, **kwargs: Any) -> None:
    if memberships.are_watched():
        end_access_of(memberships.holders_of(memberships.watched_permissions().filter(pk=instance.pk)))


def after_credential_made(
    bridge: Bridge, instance: Any, created: bool, raw: bool = False, **kwargs: Any
) -> None:
    if created and not raw and instance.user_id is not None:
        end_late_credentials(bridge, instance.user_id)


def end_access_of(users: QuerySet[Any]) -> None:
    access_changed(users=users, actor=current_actor())

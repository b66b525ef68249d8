"""Django's own signals, translated into actions. Connected in `ready()`."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import BACKEND_SESSION_KEY, get_user_model
from django.contrib.auth.signals import user_logged_in
from django.db.models.signals import post_save, pre_delete, pre_save

from sessions_ui import acting
from sessions_ui.actions.client import client_of
from sessions_ui.actions.end import acting_user, end_user_sessions
from sessions_ui.actions.provider import recall_provider
from sessions_ui.actions.require_password import new_password_was_chosen
from sessions_ui.conf import conf
from sessions_ui.models import EndReason
from sessions_ui.store import SessionStore, acting_store

# What an ending may depend on; a save that writes none of them costs nothing.
WATCHED = ("password", "is_active")


def connect() -> None:
    user_logged_in.connect(on_signed_in, dispatch_uid="sessions_ui.signed_in")
    # Not bound to a sender: proxies and children of the user model send their own class.
    pre_save.connect(before_user_save, dispatch_uid="sessions_ui.before_user_save")
    post_save.connect(after_user_save, dispatch_uid="sessions_ui.after_user_save")
    pre_delete.connect(before_user_delete, dispatch_uid="sessions_ui.before_user_delete")


def on_signed_in(sender: Any, request: Any, user: Any, **kwargs: Any) -> None:
    """Bare requests are welcome: `force_login` of the test client sends one without any header."""
    store = getattr(request, "session", None)
    if not isinstance(store, SessionStore):
        return
    store.sign_in(
        user,
        backend=store[BACKEND_SESSION_KEY],
        client=client_of(request.META),
        method=conf.sign_in_method(request, user),
        device_cookie=request.COOKIES.get(conf.device_cookie_name),
        identity=recall_provider(request, user),
        judged=request.method is not None,
    )


def before_user_save(sender: Any, instance: Any, update_fields: Any = None, **kwargs: Any) -> None:
    if not isinstance(instance, get_user_model()) or instance._state.adding:
        return
    columns = {field.attname for field in instance._meta.concrete_fields}
    watched = [
        name for name in WATCHED if name in columns and (update_fields is None or name in update_fields)
    ]
    if watched:
        stored = get_user_model()._base_manager.using(instance._state.db).filter(pk=instance.pk)
        instance.__dict__["_sessions_ui_before"] = stored.values(*watched).first()


def after_user_save(sender: Any, instance: Any, **kwargs: Any) -> None:
    before = instance.__dict__.pop("_sessions_ui_before", None)
    if not before:
        return
    if before.get("is_active") and not instance.is_active:
        end_user_sessions(user=instance, reason=EndReason.ACCOUNT_DISABLED, actor=acting_user())
    elif "password" in before and before["password"] != instance.password:
        new_password_was_chosen(instance)
        after_password_change(instance)


def after_password_change(user: Any) -> None:
    """A change keeps the session that made it; a reset, or a change by somebody else, keeps none."""
    now = acting.current()
    actor = acting_user()
    own = actor is not None and actor.pk == user.pk
    if now is not None and (now.resets_password or actor is None):
        end_user_sessions(user=user, reason=EndReason.PASSWORD_RESET, actor=actor)
    elif now is not None and own:
        store = acting_store()
        if store is not None:
            store.keep_after_password_change(user)
        end_user_sessions(user=user, reason=EndReason.PASSWORD_CHANGED, actor=actor, keep=now.session_id)
    else:
        end_user_sessions(user=user, reason=EndReason.PASSWORD_CHANGED, actor=actor)


def before_user_delete(sender: Any, instance: Any, **kwargs: Any) -> None:
    if isinstance(instance, get_user_model()):
        end_user_sessions(user=instance, reason=EndReason.ACCOUNT_DELETED, actor=acting_user())

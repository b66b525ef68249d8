"""A directory that is asked now and then: who is not in there any more is disabled, and signed out."""

from collections.abc import Collection

from django.contrib.auth import get_user_model
from django.db import transaction

from sessions_ui import Receipt, end_sessions
from sessions_ui.models import EndReason, Session


def disable_the_gone(present: Collection[str]) -> Receipt:
    """`present`: the addresses of everybody in the directory, in lower case."""
    if not present:
        raise ValueError("An empty directory is a broken one: nobody is disabled.")
    users = get_user_model().objects
    with transaction.atomic():
        active = users.filter(is_active=True, is_superuser=False).values_list("pk", "email")
        gone = [pk for pk, email in active if email.lower() not in present]
        users.filter(pk__in=gone).update(is_active=False)  # sends no signal, hence the next line
        return end_sessions(
            sessions=Session.objects.filter(user_id__in=gone),
            reason=EndReason.ACCOUNT_DISABLED,
            note="no longer in the directory",
        )

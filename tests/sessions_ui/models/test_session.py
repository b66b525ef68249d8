"""`save()` of a `Session` instance defends the row itself (trap 14)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from asgiref.sync import async_to_sync
from django.contrib import admin
from django.db import IntegrityError, transaction
from django.utils import timezone

from sessions_ui.actions.endings.end import end_session
from sessions_ui.actions.endings.offboard import offboard
from sessions_ui.exceptions import SessionEnded, StaleSession
from sessions_ui.models.session import ACCOUNT_WAS_OFF
from sessions_ui.store import SessionStore
from tests.models import EndReason, Session, digest_of

pytestmark = pytest.mark.django_db


def everything(rows: Any) -> list[dict[str, Any]]:
    return list(rows.order_by("pk").values())


@pytest.fixture
def key(user: Any, browser: Any) -> str:
    here = browser()
    here.force_login(user)
    return str(here.cookies["sessionid"].value)


@pytest.fixture
def row(user: Any, key: str) -> Session:
    return Session.objects.get(user=user)


@pytest.fixture(autouse=True)
def stranger(other_user: Any, browser: Any) -> Iterator[None]:
    """Somebody else's session, which stays as it is."""
    browser().force_login(other_user)
    before = everything(Session.objects.of(other_user))
    yield
    assert everything(Session.objects.of(other_user)) == before


# --- What happens to the row between reading the instance and saving it

NOW, MOMENT = timezone.now(), timedelta(microseconds=1)
Change = Callable[[Session, str, Any], None]


def rotated(row: Session, key: str, other_user: Any) -> None:
    SessionStore(key).cycle_key()


def somebody_elses(row: Session, key: str, other_user: Any) -> None:
    Session.objects.filter(pk=row.pk).update(user_id=other_user.pk)


def account_was_off(row: Session, key: str, other_user: Any) -> None:
    Session.objects.filter(pk=row.pk).update(auth_hash=ACCOUNT_WAS_OFF)


def offboarded(row: Session, key: str, other_user: Any) -> None:
    offboard(user=row.user, ends_at=timezone.now() + timedelta(days=1))


def ended(row: Session, key: str, other_user: Any) -> None:
    end_session(session=row, reason=EndReason.ADMINISTRATOR)


def purged(row: Session, key: str, other_user: Any) -> None:
    rows = Session.objects.filter(pk=row.pk)
    rows._raw_delete(rows.db)


STALE = [rotated, somebody_elses, account_was_off, offboarded, purged]


# --- Which ones live


@pytest.mark.parametrize(
    ("columns", "lives"),
    [
        ({}, True),
        ({"expires_at": NOW + MOMENT}, True),
        ({"expires_at": NOW}, False),
        ({"expires_at": NOW - MOMENT}, False),
        ({"ended_at": NOW}, False),
        ({"user": None}, False),
    ],
)
def test_a_session_lives_while_it_is_somebodys_has_not_ended_and_has_time_left(
    columns: dict[str, Any], lives: bool, row: Session
) -> None:
    """In a statement as in Python: a list of devices and the page of one say the same."""
    Session.objects.filter(pk=row.pk).update(**columns)
    with time_machine.travel(NOW, tick=False):
        assert Session.objects.living().filter(pk=row.pk).exists() is lives
        assert Session.objects.get(pk=row.pk).is_living is lives


# --- Ways of saving it


def save(row: Session) -> None:
    row.save()


def asave(row: Session) -> None:
    async_to_sync(row.asave)()


def save_one_field(row: Session) -> None:
    row.method = "changed"
    row.save(update_fields=["method"])


def force_update(row: Session) -> None:
    row.save(force_update=True)


def save_where_it_was_read(row: Session) -> None:
    row.save(using=row._state.db)


WAYS = [save, asave, save_one_field, force_update, save_where_it_was_read]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("change", STALE)
def test_a_stale_instance_raises_and_writes_nothing(
    change: Change, way: Callable[[Session], None], row: Session, key: str, administrator: Any
) -> None:
    change(row, key, administrator)
    before = everything(Session.objects.all())
    row.payload = "what the instance remembers"
    with pytest.raises(StaleSession):
        way(row)
    assert everything(Session.objects.all()) == before


@pytest.mark.parametrize("way", WAYS)
def test_an_instance_read_before_the_end_raises_and_writes_nothing(
    way: Callable[[Session], None], row: Session, key: str, administrator: Any
) -> None:
    ended(row, key, administrator)
    before = everything(Session.objects.all())
    with pytest.raises(SessionEnded) as caught:
        way(row)
    assert caught.value.reason == EndReason.ADMINISTRATOR
    assert everything(Session.objects.all()) == before


def test_an_instance_read_after_the_end_does_not_revive_the_session(row: Session, key: str) -> None:
    end_session(session=row, reason=EndReason.ADMINISTRATOR)
    row.refresh_from_db()
    before = everything(Session.objects.all())
    row.ended_at, row.end_reason, row.ended_by, row.act = None, "", None, None
    with pytest.raises(SessionEnded):
        row.save()
    assert everything(Session.objects.all()) == before
    assert not SessionStore(key).get_user().is_authenticated


@pytest.mark.parametrize(
    ("create_defaults", "defaults"),
    [(None, {"ended_at": None, "end_reason": ""}), ({"payload": ""}, {"method": "changed"})],
)
def test_update_or_create_does_not_revive_a_session(
    create_defaults: Any, defaults: Any, row: Session
) -> None:
    end_session(session=row, reason=EndReason.ADMINISTRATOR)
    before = everything(Session.objects.all())
    with pytest.raises(SessionEnded):
        Session.objects.update_or_create(pk=row.pk, defaults=defaults, create_defaults=create_defaults)
    assert everything(Session.objects.all()) == before


@pytest.mark.parametrize(
    "chosen",
    [
        {"digest": "0" * 64},
        {"auth_hash": "0" * 64},
        {"latest_end_at": None},
        {"backend": "no.such.Backend"},
        {"generation": 10**6},
    ],
    ids=lambda chosen: next(iter(chosen)),
)
def test_update_or_create_does_not_write_what_is_for_the_actions(
    chosen: dict[str, Any], row: Session
) -> None:
    Session.objects.filter(pk=row.pk).update(latest_end_at=row.expires_at)
    before = everything(Session.objects.all())
    with pytest.raises(StaleSession):
        Session.objects.update_or_create(pk=row.pk, defaults=chosen)
    assert everything(Session.objects.all()) == before


def test_what_is_created_in_bulk_is_written_over_no_row(row: Session) -> None:
    end_session(session=row, reason=EndReason.ADMINISTRATOR)
    before = everything(Session.objects.all())
    with pytest.raises(StaleSession):
        Session.objects.bulk_create(
            [row], update_conflicts=True, unique_fields=["id"], update_fields=["ended_at"]
        )
    assert everything(Session.objects.all()) == before


def test_to_read_the_row_again_is_how_to_go_on(row: Session, key: str) -> None:
    SessionStore(key).cycle_key()
    row.refresh_from_db()
    row.method = "changed"
    row.save()
    row.refresh_from_db()
    assert row.method == "changed"


def test_reading_one_field_again_does_not_make_the_rest_current(row: Session, key: str) -> None:
    SessionStore(key).cycle_key()
    before = everything(Session.objects.all())
    row.refresh_from_db(fields=["payload"])
    with pytest.raises(StaleSession):
        row.save()
    assert everything(Session.objects.all()) == before


@pytest.mark.parametrize("way", WAYS)
def test_an_up_to_date_instance_is_saved(way: Callable[[Session], None], row: Session) -> None:
    row.method = "changed"
    way(row)
    row.refresh_from_db()
    assert row.method == "changed"


def test_an_up_to_date_instance_of_which_not_every_column_was_read_is_saved(row: Session) -> None:
    some = Session.objects.only("method").get(pk=row.pk)
    some.method = "changed"
    some.save()
    row.refresh_from_db()
    assert row.method == "changed"


@pytest.mark.parametrize("way", [save, asave])
def test_a_new_instance_is_inserted(way: Callable[[Session], None], user: Any) -> None:
    new = Session(digest=digest_of("new"), user=user, expires_at=timezone.now() + timedelta(days=1))
    way(new)
    assert Session.objects.get(digest=digest_of("new")).pk == new.pk


def test_a_new_instance_with_the_key_of_a_row_replaces_nothing(row: Session, user: Any) -> None:
    before = everything(Session.objects.all())
    copy = Session(
        pk=row.pk, digest=digest_of("new"), user=user, expires_at=timezone.now() + timedelta(days=1)
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        copy.save()
    assert everything(Session.objects.all()) == before


def test_a_purged_session_is_not_inserted_again_by_a_copy_of_its_instance(row: Session) -> None:
    purged(row, "", None)
    copy = Session.from_db(
        "default",
        [field.attname for field in Session._meta.concrete_fields],
        [getattr(row, field.attname) for field in Session._meta.concrete_fields],
    )
    with pytest.raises(StaleSession):
        copy.save()
    assert not Session.objects.filter(pk=row.pk).exists()


def test_the_administration_neither_adds_changes_nor_deletes_sessions(administrator: Any, rf: Any) -> None:
    """So that nobody saves an instance there that was read before the form was filled in."""
    request = rf.get("/")
    request.user = administrator
    page = admin.site.get_model_admin(Session._meta.model)
    assert not page.has_add_permission(request)
    assert not page.has_change_permission(request)
    assert not page.has_delete_permission(request)
    assert not page.list_editable


def test_a_form_sent_to_the_administration_changes_no_session(
    row: Session, browser: Any, administrator: Any
) -> None:
    here = browser()
    here.force_login(administrator)
    before = everything(Session.objects.filter(pk=row.pk))
    fields = {"method": "changed", "ended_at_0": "", "user": administrator.pk, "_save": "Save"}
    for page in (f"{row.pk}/change/", f"{row.pk}/delete/", "add/"):
        here.post(f"/admin/sessions_ui/session/{page}", {**fields, "post": "yes"})
    here.post(
        "/admin/sessions_ui/session/",
        {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"},
    )
    assert everything(Session.objects.filter(pk=row.pk)) == before
    assert Session.objects.of(administrator).count() == 1

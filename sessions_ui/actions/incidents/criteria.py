"""What an incident is about: criteria that a session meets all of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from ipaddress import ip_network
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import router
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import get_language, gettext

from sessions_ui.actions.sessions.conditions import in_network, signed_in_by
from sessions_ui.client.country import country_name
from sessions_ui.database import moments
from sessions_ui.exceptions import IncidentRefusal, IncidentRefused
from sessions_ui.models import AccessToken, Device, Rule, Session
from sessions_ui.models.containment import is_staff_now, of_staff, was_staff
from sessions_ui.models.primary import all_users, are_users_beside
from sessions_ui.models.session import SessionQuerySet
from sessions_ui.wording.sessions import moment_text

NAMED = 5  # people whom a description names; the rest is a number


@dataclass(frozen=True, slots=True)
class Criteria:
    """Which sessions. Empty fields do not count; of the others a session meets every one.

    `users` are primary keys as text, `groups` those of groups; a session of any of them meets the criterion. `staff`:
    whoever is staff now, or was it when they signed in.
    `organization_id` as the session keeps it. `since` and `before`: when it was signed in. `network`: an address, or a
    network (CIDR), of the sign-in or now. `country`: of the sign-in (ISO 3166-1 alpha-2). `client`: a part of the user
    agent, or the name of a browser or system. `method`: how it was signed in, one of several steps, or the provider.
    `unconfirmed`: the device was never confirmed.

    An access token was never signed in. What is said of the sign-in (`network`, `country`, `client`, `method`,
    `unconfirmed`) is said of the one in which it was made, whether or not that has ended; `network` and `client` of
    where it was used last, too. `since` and `before` go by when it was made.

    Raises `ValueError` for a moment without a time zone or out of range.
    """

    everyone: bool = False
    staff: bool = False
    users: tuple[str, ...] = ()
    groups: tuple[int, ...] = ()
    organization_id: str = ""
    since: datetime | None = None
    before: datetime | None = None
    network: str = ""
    country: str = ""
    client: str = ""
    method: str = ""
    unconfirmed: bool = False

    def __post_init__(self) -> None:
        for name in ("since", "before"):
            if (moment := getattr(self, name)) is not None:
                object.__setattr__(self, name, moments.stated(moment, name))

    @property
    def given(self) -> frozenset[str]:
        """The names of the criteria that count."""
        return frozenset(field.name for field in fields(self) if getattr(self, field.name))

    @property
    def rule(self) -> Rule | None:
        """What is in force at once; None for whatever is in force batch by batch."""
        return Rule(next(iter(self.given))) if len(self.given) == 1 and self.given <= {*Rule.values} else None

    def verify(self) -> None:
        """Raise `IncidentRefused` where these criteria say nothing, contradict each other, or cannot be understood;
        `TypeError` for one text in place of several keys."""
        if isinstance(self.users, str) or isinstance(self.groups, str):
            raise TypeError("users and groups are tuples of keys")  # "42" would be the accounts 4 and 2
        if not self.given:
            raise IncidentRefused(IncidentRefusal.NO_CRITERIA)
        if self.everyone and len(self.given) > 1:
            raise IncidentRefused(IncidentRefusal.EVERYONE_AND_MORE)
        if self.before is not None and self.before > timezone.now():
            raise IncidentRefused(IncidentRefusal.IN_THE_FUTURE)
        if self.since is not None and self.before is not None and self.since >= self.before:
            raise IncidentRefused(IncidentRefusal.NO_TIME)
        if self.network:
            try:
                ip_network(self.network, strict=False)
            except ValueError:
                raise IncidentRefused(IncidentRefusal.NO_NETWORK) from None

    def sessions(self) -> SessionQuerySet:
        """Return the sessions that meet the criteria and have not ended."""
        rows: SessionQuerySet = Session.objects.using(router.db_for_write(Session))
        rows = rows.filter(user__isnull=False, ended_at__isnull=True)
        if self.given & {"users", "groups"}:
            rows = rows.filter(user_id__in=_keys_of(self._people(), "pk"))
        if self.staff:
            rows = rows.filter(of_staff())
        if self.organization_id:
            rows = rows.filter(organization_id=self.organization_id)
        if self.since is not None:
            rows = rows.filter(signed_in_at__gte=self.since)
        if self.before is not None:
            rows = rows.filter(signed_in_at__lt=self.before)
        if self.country:
            rows = rows.filter(_or_made_in(Q(first_country=self.country.upper())))
        if self.client:
            rows = rows.filter(_or_made_in(_of_client(self.client)))
        if self.method:
            rows = rows.filter(_or_made_in(signed_in_by(self.method)))
        if self.unconfirmed:
            # A token has no device: that says nothing about where it was made.
            unconfirmed = Q(device__confirmed_at__isnull=True)
            rows = rows.filter(~Q(kind=Session.Kind.TOKEN) & unconfirmed | _made_in(unconfirmed))
        if self.network:
            makers = Session.objects.using(rows.db).filter(pk__in=_made_by_somebody().values("made_in"))
            rows = rows.filter(in_network(rows, self.network) | _made_in(in_network(makers, self.network)))
        return rows

    def accounts(self) -> QuerySet[Any] | None:
        """Return the people whom the criteria name, whatever is signed in to their accounts; None where they speak of
        sessions."""
        if not self.given <= {"users", "groups", "staff"}:
            return None
        people = self._people()
        if self.staff:  # whoever was it when they signed in is concerned, too
            were = Session.objects.using(router.db_for_write(Session)).filter(
                was_staff(), ended_at__isnull=True
            )
            people = people.filter(is_staff_now() | Q(pk__in=_keys_of(were, "user_id")))
        return people

    def _people(self) -> QuerySet[Any]:
        """Return the people of `users` and `groups`."""
        people = all_users()
        if self.users:
            people = people.filter(pk__in=self.users)
        if self.groups:
            membership = get_user_model().groups.through
            (user_key,) = [
                field.attname for field in membership._meta.fields if field.related_model is get_user_model()
            ]
            members = membership._base_manager.using(people.db)
            member = members.filter(**{user_key: OuterRef("pk")}, group_id__in=self.groups)
            people = people.filter(Exists(member))
        return people

    def to_json(self) -> dict[str, Any]:
        """Return the criteria that count, as JSON knows values."""
        values = {name: value for name, value in asdict(self).items() if name in self.given}
        return {
            name: moments.aware(value).isoformat() if isinstance(value, datetime) else value
            for name, value in values.items()
        }

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Criteria:
        values = dict(said)
        for name in ("since", "before"):
            if name in values:
                values[name] = datetime.fromisoformat(values[name])
        for name in ("users", "groups"):
            if name in values:
                values[name] = tuple(values[name])
        return cls(**values)

    def in_words(self) -> list[tuple[str, str]]:
        """Return what it is about, for people: pairs of a criterion and its value."""
        return [pair for name, pair in self._words() if name in self.given]

    def _words(self) -> Iterator[tuple[str, tuple[str, str]]]:
        yield "everyone", (gettext("Who"), gettext("Everyone"))
        yield "staff", (gettext("Who"), gettext("Staff"))
        yield "users", (gettext("People"), ", ".join(self._names()))
        yield "groups", (gettext("Groups"), ", ".join(self._group_names()))
        yield "organization_id", (gettext("Organization"), self.organization_id)
        yield "since", (gettext("Signed in since"), moment_text(self.since) if self.since else "")
        yield "before", (gettext("Signed in before"), moment_text(self.before) if self.before else "")
        yield "network", (gettext("Address or network"), self.network)
        yield "country", (gettext("Country"), country_name(self.country, get_language()) or self.country)
        yield "client", (gettext("Browser, app or system"), self.client)
        yield "method", (gettext("Sign-in method"), self.method)
        yield "unconfirmed", (gettext("Device"), gettext("Device never confirmed"))

    def _names(self) -> list[str]:
        """Return the names of the first people, and how many more there are."""
        first = self.users[:NAMED]
        found = {str(person.pk): str(person) for person in all_users().filter(pk__in=first)} if first else {}
        names = [found.get(str(pk)) or gettext("deleted account %(pk)s") % {"pk": pk} for pk in first]
        more = len(self.users) - NAMED
        return names if more <= 0 else [*names, gettext("%(count)d more") % {"count": more}]

    def _group_names(self) -> list[str]:
        """Return the names of the groups; of one that is gone, that it is: nobody is in it any more."""
        found = (
            dict(Group.objects.filter(pk__in=self.groups).values_list("pk", "name")) if self.groups else {}
        )
        gone = [gettext("deleted group %(pk)s") % {"pk": pk} for pk in self.groups if pk not in found]
        return [*sorted(found.values()), *gone]


def _keys_of(rows: QuerySet[Any], name: str) -> Any:
    """Return these keys of users, for a condition: as a part of the same statement where both are in one database."""
    keys: Any = rows.order_by().values_list(name, flat=True)
    return keys if are_users_beside(Session) else list(keys)


def _or_made_in(condition: Q) -> Q:
    """Return the condition for sessions that meet this one, and for the access tokens that were made in such a one."""
    return condition | _made_in(condition)


def _made_in(condition: Q) -> Q:
    """Return the condition for access tokens that were made in a session that meets this one. Without a join: the rows
    are locked, which no database does with one that may find nothing."""
    sessions = Session.objects.using(router.db_for_write(Session)).filter(condition)
    tokens = _made_by_somebody().filter(session_id=OuterRef("pk"), made_in__in=sessions.values("pk"))
    return Q(kind=Session.Kind.TOKEN) & Q(Exists(tokens))


def _made_by_somebody() -> QuerySet[AccessToken]:
    return AccessToken.objects.using(router.db_for_write(AccessToken)).filter(made_in__isnull=False)


def _of_client(name: str) -> Q:
    named = Device.objects.filter(Q(browser__iexact=name) | Q(system__iexact=name), pk=OuterRef("device_id"))
    agent = Q(user_agent__icontains=name) | Q(first_user_agent__icontains=name)
    return agent | Q(Exists(named))

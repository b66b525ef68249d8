"""What other packages let in (docs/bridges.md), of everybody: look at it, end it, take it along."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import quote, unquote, urlencode

from django import forms
from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from sessions_ui.actions.endings.bridged.credentials import end_credentials
from sessions_ui.actions.tokens.export_credentials import export_credentials
from sessions_ui.actions.tokens.rights import MANAGE
from sessions_ui.admin.base import ReadOnlyAdmin, person, users_exactly
from sessions_ui.bridges.active import UNKNOWN, answer_of, bridge_named, bridges
from sessions_ui.bridges.pages import Part, Place, holders_among_all, part_of_all
from sessions_ui.bridges.protocol import BridgedCredential
from sessions_ui.exceptions import NotTheOwner, SessionEnded
from sessions_ui.metrics.lingering import shut_out_users
from sessions_ui.models import EndReason, PackageCredential
from sessions_ui.models.primary import all_users
from sessions_ui.web.responses.files import download
from sessions_ui.wording.bridges import KINDS, title_of

logger = logging.getLogger(__name__)

LOOK = "sessions_ui.view_accesstoken"
PAGE = 50  # credentials
CHOSEN = "credential"  # the name of the boxes


class EndForm(forms.Form):
    ticket = forms.CharField(label=_("Ticket"), max_length=100, required=False)
    note = forms.CharField(
        label=_("Reason"),
        help_text=_("Kept in the history for administrators; the person doesn’t see it."),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2, "cols": 60}),
    )


@dataclass(frozen=True, slots=True)
class Row:
    """One credential, as the pages show it."""

    credential: BridgedCredential
    who: str

    @property
    def value(self) -> str:
        """What its box sends: package and id, neither of which is a secret."""
        return f"{quote(self.credential.package, safe='')}:{self.credential.id}"

    @property
    def title(self) -> str:
        return title_of(self.credential)

    @property
    def kind(self) -> str:
        return str(KINDS[self.credential.kind])

    @property
    def minutes_it_lives_on(self) -> int:
        """For how many minutes what was made from it is accepted after its end; 0 where its end is the end."""
        return -(-int(self.credential.lives_on.total_seconds()) // 60)


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the list is to show; `of` are the keys of the users it is about, None for everybody."""

    package: str = ""
    never: bool = False
    left: bool = False
    term: str = ""
    of: tuple[Any, ...] | None = None
    are_more: bool = False
    unknown: tuple[str, ...] = ()

    @property
    def query(self) -> str:
        given = {"package": self.package, "q": self.term, "never": self.never, "left": self.left}
        return urlencode({name: "1" if value is True else value for name, value in given.items() if value})

    @property
    def options(self) -> dict[str, Any]:
        """What narrows the list, for `part_of_all()` and the export."""
        return {"package": self.package or None, "never_ending": self.never, "users": self.of}

    def part(self, begin: Place | None) -> Part:
        return part_of_all(limit=PAGE, begin=begin, **self.options)


def may_look(user: Any) -> bool:
    """Return whether somebody may see the list: whoever may see access tokens."""
    return bool(user.has_perm(LOOK) or user.has_perm(MANAGE))


@admin.register(PackageCredential)
class PackageCredentialAdmin(ReadOnlyAdmin):
    """The list, which is no table of ours. To look is a permission, to end and to hand it out is another: the same as
    for access tokens."""

    def get_urls(self) -> list[URLPattern]:
        """Only the list: a page of one row would be of an access token."""
        view = self.admin_site.admin_view(self.listing)
        return [path("", view, name="sessions_ui_packagecredential_changelist")]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_look(request.user)

    def has_end_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm(MANAGE))

    def listing(self, request: HttpRequest) -> HttpResponseBase:
        """Show a page of the list; a POST ends what was chosen on it, or sends all of it as a file."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            return self._list(request)
        if not self.has_end_permission(request):
            raise PermissionDenied
        return self._export(request) if "export" in request.POST else self._end(request)

    def _list(self, request: HttpRequest) -> HttpResponse:
        chosen = chosen_by(request)
        part = chosen.part(begin_of(request))
        following = part.following
        context = {
            **self.admin_site.each_context(request),
            "title": capfirst(self.opts.verbose_name_plural),
            "opts": self.opts,
            "rows": rows_of(part.credentials),
            "chosen": chosen,
            "packages": [bridge.name for bridge in bridges()],
            "unknown": dict.fromkeys([*chosen.unknown, *part.unknown]),
            "unpaged": part.unpaged,
            "is_first": "from" not in request.GET,
            "next": None if following is None else f"{chosen.query}&{query_of(following)}".lstrip("&"),
            "may_end": self.has_end_permission(request),
            "name": CHOSEN,
        }
        return TemplateResponse(request, "sessions_ui/admin/package_credentials.html", context)

    def _export(self, request: HttpRequest) -> HttpResponseBase:
        pieces = export_credentials(actor=request.user, **chosen_by(request).options)
        return download(request, pieces, name="apps-and-keys.csv", content_type="text/csv; charset=utf-8")

    def _end(self, request: HttpRequest) -> HttpResponseBase:
        """Ask why on the first POST, end on the second. What is ended is found by its id, whosever it is."""
        found = find(request, request.POST.getlist(CHOSEN))
        if not found:
            messages.warning(request, gettext("Nothing that you chose is still valid."))
            return redirect(request.get_full_path())
        form = EndForm(request.POST if "confirmed" in request.POST else None)
        if form.is_valid():
            end(request, found, **form.cleaned_data)
            return redirect(request.get_full_path())
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("End apps and keys: are you sure?"),
            "opts": self.opts,
            "form": form,
            "rows": rows_of(found),
            "name": CHOSEN,
        }
        return TemplateResponse(request, "sessions_ui/admin/package_credentials_end.html", context)


def chosen_by(request: HttpRequest) -> Chosen:
    """Return what the address asks for."""
    term, left = request.GET.get("q", "").strip(), bool(request.GET.get("left"))
    of: tuple[Any, ...] | None = None
    if term:
        of = () if "\0" in term else tuple(users_exactly(term))
    are_more = False
    unknown: tuple[str, ...] = ()
    if left:
        users = shut_out_users(timezone.now())
        holders = holders_among_all(users if of is None else users.filter(pk__in=of))
        of, are_more, unknown = holders.keys, holders.are_more, holders.unknown
    return Chosen(
        package=request.GET.get("package", ""),
        never=bool(request.GET.get("never")),
        left=left,
        term=term,
        of=of,
        are_more=are_more,
        unknown=unknown,
    )


def begin_of(request: HttpRequest) -> Place | None:
    if "from" not in request.GET:
        return None
    return Place(request.GET["from"], request.GET.get("after"))


def query_of(place: Place) -> str:
    return urlencode({"from": place.package} | ({} if place.after is None else {"after": place.after}))


def rows_of(credentials: Iterable[BridgedCredential]) -> list[Row]:
    """Return the rows of a page, with the names of the people by one statement."""
    found = list(credentials)
    users = all_users().in_bulk({each.user_id for each in found})
    return [Row(each, person(users.get(each.user_id), each.user_id)) for each in found]


def find(request: HttpRequest, values: list[str]) -> list[BridgedCredential]:
    """Return those of the chosen ones that live, up to as many as a page has; say which packages could not tell."""
    found: list[BridgedCredential] = []
    unknown: dict[str, None] = {}
    for value in dict.fromkeys(values[:PAGE]):
        name, _colon, id = value.partition(":")
        bridge = bridge_named(unquote(name))
        if bridge is None or "\0" in id:
            continue
        credential = answer_of(bridge, partial(bridge.describe, id))
        if credential is UNKNOWN:
            unknown[bridge.name] = None
        elif credential is not None:
            found.append(credential)
    for name in unknown:
        messages.error(request, gettext("We couldn’t ask %(package)s.") % {"package": name})
    return found


def end(request: HttpRequest, credentials: list[BridgedCredential], *, ticket: str, note: str) -> None:
    """End these, by an act for each person and package, and say what came of it."""
    by_holder: dict[tuple[str, Any], list[str]] = defaultdict(list)
    for each in credentials:
        by_holder[each.package, each.user_id].append(each.id)
    ended, failed = 0, dict[str, None]()
    model: Any = get_user_model()
    for (package, user_id), ids in by_holder.items():
        try:
            ended += end_credentials(
                user=model(pk=user_id),
                package=package,
                ids=ids,
                reason=EndReason.ADMINISTRATOR,
                actor=request.user,
                ticket=ticket,
                note=note,
            )
        except (SessionEnded, NotTheOwner):
            raise
        except Exception as error:
            # What has ended stays ended, and has to be said; so has this.
            logger.warning("The bridge %s failed (%s).", package, type(error).__name__)
            failed[package] = None
    if ended:
        text = ngettext(
            "%(count)d app or key can no longer act for them.",
            "%(count)d apps and keys can no longer act for them.",
            ended,
        )
        messages.success(request, text % {"count": ended})
    elif not failed:
        messages.warning(request, gettext("The app or key had already ended."))
    for package in failed:
        text = gettext("The package %(package)s couldn’t end all of them. Try again.")
        messages.error(request, text % {"package": package})

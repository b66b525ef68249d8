"""Access tokens of everybody: to look at, to end and to hand out as a list."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from sessions_ui.actions.sessions.selection import State, in_state
from sessions_ui.actions.tokens.export import export_tokens
from sessions_ui.actions.tokens.rights import MANAGE
from sessions_ui.admin.base import in_words, person, users_exactly
from sessions_ui.admin.sessions.ending import EndingAdmin
from sessions_ui.conf import conf
from sessions_ui.models import AccessToken, ServiceAccount, Session
from sessions_ui.models.primary import all_users, with_users
from sessions_ui.models.session import SessionQuerySet
from sessions_ui.web.responses.files import download


class TokenStateFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("valid", _("Valid")),
            ("soon", _("Ends soon")),
            ("unused", _("Valid and unused")),
            ("ended", _("Ended")),
            ("expired", _("Expired")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        now = timezone.now()
        chosen = {
            "valid": (State.LIVING, Q()),
            "soon": (State.LIVING, Q(session__expires_at__lte=now + conf.token_warning)),
            "unused": (State.LIVING, Q(session__last_seen_at__lte=now - conf.token_unused_after)),
            "ended": (State.ENDED, Q()),
            "expired": (State.EXPIRED, Q()),
        }
        state, condition = chosen.get(self.value() or "", (State.ALL, Q()))
        return in_state(queryset, state, session="session__").filter(condition)


class TokenKindFilter(admin.SimpleListFilter):
    title = _("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("personal", _("Of people")),
            ("agent", _("Of programs that act for people")),
            ("service", _("Of service accounts")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        services = ServiceAccount.objects.values("pk")
        chosen = {
            "service": Q(session__user_id__in=services),
            "agent": ~Q(session__user_id__in=services) & ~Q(agent=""),
            "personal": ~Q(session__user_id__in=services) & Q(agent=""),
        }
        return queryset.filter(chosen.get(self.value() or "", Q()))


@admin.register(AccessToken)
class AccessTokenAdmin(EndingAdmin):
    """The tokens of everybody. To look is a permission, to end and to hand out the list is another."""

    list_display = (
        "name",
        "state",
        "account",
        "owner",
        "agent",
        "scopes",
        "last_used",
        "expires",
        "made",
    )
    list_filter = (TokenStateFilter, TokenKindFilter)
    ordering = ("-pk",)
    actions = ("end_selected", "export_selected")
    question = _("End access tokens: are you sure?")
    verb = _("End")
    nothing = _("All of them had already ended.")
    search_help_text = _("The whole email address or user name, the id of a token, or its last characters.")
    fields = readonly_fields = (
        "public_id",
        "name",
        "account",
        "owner",
        "agent",
        "scopes",
        "hint",
        "state",
        "why",
        "who_ended",
        "made",
        "maker",
        "last_used",
        "address",
        "expires",
        "overlap_ends_at",
        "former_used_at",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[AccessToken]:
        """Return the tokens with their sessions, of which the secrets are not even fetched."""
        tokens: Any = super().get_queryset(request).select_related("session")
        rows = with_users(tokens.with_containment(), "session__user", "made_by")
        owner = ServiceAccount.objects.filter(pk=OuterRef("session__user_id")).values("owner_id")[:1]
        rows = rows.annotate(owner_id=Subquery(owner))
        return rows.defer("session__payload", "session__digest", "session__previous_digest")

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Find the owners of the page's service accounts by one statement."""
        changelist = super().get_changelist_instance(request)
        page = list(changelist.result_list)
        owners = all_users().in_bulk({token.owner_id for token in page} - {None})
        for token in page:
            token.owner_in_charge = owners.get(token.owner_id)
        changelist.result_list = page
        return changelist

    def exactly(self, term: str) -> Q:
        users = users_exactly(term)
        services = ServiceAccount.objects.filter(owner_id__in=users).values("pk")
        of_user = Q(session__user_id__in=users) | Q(session__user_id__in=services)
        return of_user | Q(session__public_id=term) | Q(hint=term)

    def sessions_of(self, queryset: QuerySet[Any]) -> SessionQuerySet:
        return Session.objects.filter(pk__in=queryset.order_by().values("pk"))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_view_permission(request, obj) or request.user.has_perm(MANAGE)

    def has_end_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(MANAGE)

    @admin.action(description=_("End selected tokens"), permissions=["end"])
    def end_selected(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponseBase | None:
        sessions = self.sessions_of(queryset)
        return self._confirm(request, sessions, sessions, action="end_selected")

    @admin.action(description=_("Export selected as CSV"), permissions=["end"])
    def export_selected(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponseBase:
        tokens = AccessToken.objects.filter(pk__in=queryset.order_by().values("pk"))
        pieces = export_tokens(tokens=tokens, actor=request.user)
        return download(request, pieces, name="access-tokens.csv", content_type="text/csv; charset=utf-8")

    @admin.display(description=_("id"))
    def public_id(self, token: AccessToken) -> str:
        return token.session.public_id

    @admin.display(description=_("account"))
    def account(self, token: AccessToken) -> str:
        return person(token.session.user, token.session.user_id)

    @admin.display(description=_("owner"))
    def owner(self, token: Any) -> str:
        if token.owner_id is None:
            return ""
        known = getattr(token, "owner_in_charge", None) or all_users().filter(pk=token.owner_id).first()
        return person(known, token.owner_id)

    @admin.display(description=_("state"))
    def state(self, token: AccessToken) -> str:
        if token.is_over:
            return gettext("Ended")
        return gettext("Valid") if token.is_living else gettext("Expired")

    @admin.display(description=_("why"))
    def why(self, token: AccessToken) -> str:
        return token.session.reason_in_words

    @admin.display(description=_("ended by"))
    def who_ended(self, token: AccessToken) -> str:
        return person(token.session.ended_by, token.session.ended_by_id)

    @admin.display(description=_("created by"))
    def maker(self, token: AccessToken) -> str:
        return person(token.made_by, token.made_by_id)

    @admin.display(description=_("created at"))
    def made(self, token: AccessToken) -> str:
        return in_words(token.session.signed_in_at)

    @admin.display(description=_("last used"))
    def last_used(self, token: AccessToken) -> str:
        return in_words(token.last_used_at) if token.last_used_at else gettext("never")

    @admin.display(description=_("address"))
    def address(self, token: AccessToken) -> str:
        return in_words(token.session.address)

    @admin.display(description=_("ends at"))
    def expires(self, token: AccessToken) -> str:
        return in_words(token.session.expires_at)

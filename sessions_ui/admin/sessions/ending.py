"""Signing out from a change list: a page that says what will happen and asks why, then the one action."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from sessions_ui.actions.account_lock import users_of
from sessions_ui.actions.endings.bulk.end_later import end_later
from sessions_ui.actions.endings.end import end_sessions
from sessions_ui.admin.base import ReadOnlyAdmin
from sessions_ui.conf import conf
from sessions_ui.models import EndReason, Session
from sessions_ui.models.primary import with_users
from sessions_ui.models.session import SessionQuerySet
from sessions_ui.store import store_of
from sessions_ui.web.happened import HappenedField
from sessions_ui.wording.tokens import ended_count

EXAMPLES = 10  # named on the confirmation page; the rest is a number


class ReasonForm(forms.Form):
    note = forms.CharField(
        label=_("Reason"),
        help_text=_("Kept in the history for administrators; the person doesn’t see it."),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2, "cols": 60}),
    )
    happened_at = HappenedField()


class EndingAdmin(ReadOnlyAdmin):
    """The admin of rows that have sessions. Looking is one permission, signing out is another."""

    actions = ("sign_out_selected", "sign_out_users")
    # What is asked before, the button, and what is said where nothing was left to end.
    question: Any = _("Sign out: are you sure?")
    verb: Any = _("Sign out")
    nothing: Any = _("Nothing was still signed in.")

    def sessions_of(self, queryset: QuerySet[Any]) -> SessionQuerySet:
        raise NotImplementedError

    def has_end_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("sessions_ui.change_session")

    @admin.action(description=_("Sign out selected"), permissions=["end"])
    def sign_out_selected(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponseBase | None:
        return self._confirm(request, queryset, self.sessions_of(queryset), action="sign_out_selected")

    @admin.action(description=_("Sign out everything for these users"), permissions=["end"])
    def sign_out_users(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponseBase | None:
        users = queryset.order_by().filter(user_id__isnull=False).values("user_id")
        return self._confirm(
            request, queryset, Session.objects.filter(user_id__in=users), action="sign_out_users"
        )

    def _confirm(
        self, request: HttpRequest, queryset: QuerySet[Any], sessions: SessionQuerySet, *, action: str
    ) -> HttpResponseBase | None:
        form = ReasonForm(request.POST if "confirmed" in request.POST else None)
        if form.is_valid():
            self.end(
                request,
                sessions,
                note=form.cleaned_data["note"],
                happened_at=form.cleaned_data["happened_at"],
                of_users=users_of(queryset),
                unadopted=action == "sign_out_users",
            )
            return None
        living = sessions.living()
        count, tokens = living.count(), living.tokens().count()
        store = store_of(request)
        own = store.session_id if store is not None else None
        context = {
            **self.admin_site.each_context(request),
            "title": self.question,
            "verb": self.verb,
            "opts": self.opts,
            "form": form,
            "action": action,
            "selected": request.POST.getlist(ACTION_CHECKBOX_NAME),
            "select_across": request.POST.get("select_across", "0"),
            "checkbox_name": ACTION_CHECKBOX_NAME,
            "count": count,
            "tokens": tokens,
            "what": ended_count(count - tokens, tokens),
            "whole": action == "sign_out_users",
            "users": living.order_by().values("user_id").distinct().count(),
            "examples": with_users(living.select_related("device", "token"), "user").order_by("-pk")[
                :EXAMPLES
            ],
            "own": own is not None and living.filter(pk=own).exists(),
        }
        return TemplateResponse(request, "sessions_ui/admin/confirm_sign_out.html", context)

    def end(self, request: HttpRequest, sessions: SessionQuerySet, **options: Any) -> None:
        """End them, now or by a worker where there are many, and say so; options as for `end_sessions()`."""
        if sessions.living().order_by()[: conf.end_at_once_max + 1].count() > conf.end_at_once_max:
            self._end_later(request, sessions, **options)
            return
        receipt = end_sessions(
            sessions=sessions, reason=EndReason.ADMINISTRATOR, actor=request.user, **options
        )
        if receipt.bridged:
            text = ngettext(
                "%(count)d app or key can no longer act for them.",
                "%(count)d apps and keys can no longer act for them.",
                receipt.bridged,
            )
            messages.success(request, text % {"count": receipt.bridged})
        if not receipt:
            messages.warning(request, str(self.nothing))
            return
        tokens = Session.objects.tokens().filter(act=receipt.act).count()
        what = ended_count(receipt.ended - tokens, tokens)
        text = ngettext("%(what)s was ended.", "%(what)s were ended.", receipt.ended)
        messages.success(request, text % {"what": what})

    def _end_later(self, request: HttpRequest, sessions: SessionQuerySet, **options: Any) -> None:
        tokens = sessions.living().tokens().count()
        ending = end_later(sessions=sessions, reason=EndReason.ADMINISTRATOR, actor=request.user, **options)
        what = ended_count(max(ending.total - tokens, 0), tokens)
        text = gettext("%(what)s are being ended in batches. “Large sign-outs” shows the progress.")
        messages.info(request, text % {"what": what})

"""The second agent: the cases that wait for one, and the one click that agrees."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from sessions_ui.actions.help_desk import prove
from sessions_ui.actions.help_desk.rights import may_help
from sessions_ui.conf import conf
from sessions_ui.exceptions import HelpDeskRefusal, HelpDeskRefused
from sessions_ui.help_desk.access import agents_only
from sessions_ui.help_desk.pages import refusals_of, steps_of
from sessions_ui.help_desk.views import with_case
from sessions_ui.models import Case
from sessions_ui.models.primary import all_users, with_users
from sessions_ui.wording.help_desk import refused_text

SHOWN = 50


@require_POST
@with_case
def ask(request: HttpRequest, case: Case) -> HttpResponseBase:
    prove.ask_for_approval(case=case, agent=request.user)
    return redirect("help_desk:case", case.public_id)


@require_GET
@agents_only
def waiting(request: HttpRequest) -> HttpResponseBase:
    """Show the cases of other agents that ask for a second one, as far as this agent may help the account."""
    cases = [case for case in open_cases()[:SHOWN] if case.agent_id != request.user.pk]
    people = all_users().in_bulk([case.user_id for case in cases])
    rows = [
        {"case": case, "user_name": str(people[case.user_id])}
        for case in cases
        if case.user_id in people and may_help(request.user, people[case.user_id])
    ]
    prove.note_looks(cases=[row["case"] for row in rows], agent=request.user)
    context = {"base_template": conf.base_template, "rows": rows}
    return render(request, "sessions_ui/help_desk/approvals.html", context)


@require_POST
@agents_only
def approve(request: HttpRequest, public_id: str) -> HttpResponseBase:
    text = _("Agreed. The agent of case %(case)s can continue.")
    return decided(request, public_id, prove.approve, text)


@require_POST
@agents_only
def refuse(request: HttpRequest, public_id: str) -> HttpResponseBase:
    text = _("Refused. The agent of case %(case)s will see this.")
    return decided(request, public_id, prove.refuse_approval, text)


def decided(request: HttpRequest, public_id: str, decide: Callable[..., None], text: str) -> HttpResponseBase:
    """Carry out what the second agent has decided about what they have read, and show the list again. What was decided
    before is not decided again: the button was pressed twice, or somebody else was faster."""
    case = get_object_or_404(Case, public_id=public_id)
    user = case.account()
    if user is None or not may_help(request.user, user):
        raise Http404
    if not open_cases().filter(pk=case.pk).exists():
        if before := decided_before(case):
            messages.info(request, before % {"case": case.public_id}, fail_silently=True)
        elif was_asked_for(case):  # its time is over, or it is about something else by now
            text = refused_text(HelpDeskRefused(HelpDeskRefusal.CASE_CLOSED))
            messages.error(request, text, fail_silently=True)
        else:
            raise Http404
        return redirect("help_desk:approvals")
    try:
        read = [request.POST.get(name, getattr(case, name)) for name in ("ticket", "reason")]
        if read != [case.ticket, case.reason]:  # it is about something else by now
            raise HelpDeskRefused(HelpDeskRefusal.CASE_CLOSED)
        decide(case=case, approver=request.user, user=user)
    except HelpDeskRefused as error:
        messages.error(request, refused_text(error), fail_silently=True)
    else:
        messages.success(request, text % {"case": case.public_id}, fail_silently=True)
    return redirect("help_desk:approvals")


def decided_before(case: Case) -> str:
    """Return how a case was decided that no longer waits for a second agent; empty where nobody has."""
    if case.proof == Case.Proof.SECOND_AGENT:
        return _("Case %(case)s has already been agreed to. Nothing was changed just now.")
    if case.is_proven:
        return _(
            "Case %(case)s no longer needs a second agent: the caller has read a code back. Nothing was changed "
            "just now."
        )
    if refusals_of(case).exists():
        return _("Case %(case)s has already been refused. Nothing was changed just now.")
    return ""


def was_asked_for(case: Case) -> bool:
    """Return whether a second agent was ever asked for."""
    return case.approval_asked_at is not None or steps_of(case, prove.APPROVAL_ASKED).exists()


def open_cases() -> Any:
    cases = Case.objects.filter(
        approval_asked_at__isnull=False, proven_at__isnull=True, expires_at__gt=timezone.now()
    )
    return with_users(cases, "agent").order_by("approval_asked_at")

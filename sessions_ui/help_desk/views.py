"""A call, page by page: search, verify, choose, review, receipt. Every step is a plain form."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import get_random_string
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRefresh

from sessions_ui.actions.help_desk import caller, prove, recovery
from sessions_ui.actions.help_desk import carry_out as carrying_out
from sessions_ui.actions.help_desk import order as ordered
from sessions_ui.actions.help_desk.open import open_case
from sessions_ui.actions.help_desk.order import Order
from sessions_ui.actions.help_desk.rights import verify_case
from sessions_ui.actions.help_desk.send_code import send_code as mail_code
from sessions_ui.actions.one_time_codes import TRIES
from sessions_ui.actions.trusted_addresses import receivers_of, told_about
from sessions_ui.conf import conf
from sessions_ui.database import moments
from sessions_ui.exceptions import HelpDeskRefusal, HelpDeskRefused
from sessions_ui.help_desk.access import agents_only
from sessions_ui.help_desk.forms import (
    NONCE_LENGTH,
    CodeForm,
    OrderForm,
    SearchForm,
    VerifyForm,
    entered_in,
    is_typed_right,
)
from sessions_ui.help_desk.orders import read_order, sign_order
from sessions_ui.help_desk.pages import case_page, render_case
from sessions_ui.models import Case, CaseReceipt, Delivery, Device, EndReason, Event, Recovery
from sessions_ui.models.primary import all_users
from sessions_ui.web.presence.decorators import passive
from sessions_ui.web.responses.navigation import is_led_by_headers
from sessions_ui.wording.help_desk import refused_status, refused_text, wrong_code_text
from sessions_ui.wording.tokens import ended_subject

OPEN_CASES = 20  # of an agent's own that are listed: each is good for half an hour
STOP_POLLING = 286  # htmx's word for it
# In the session: the case of which the next page shows the addresses, and what was entered there.
NETWORK = "sessions_ui_network"
SHOW_NETWORK = "network"  # in the address of that page
# So many characters of an address pass every server and proxy. A longer order is reviewed in the answer to its form.
LONGEST_ADDRESS = 4000
# What is wrong with a code that was typed in, and does not matter any more where there is proof.
ABOUT_A_CODE = (HelpDeskRefusal.CODE_OVER, HelpDeskRefusal.WRONG_CODE, HelpDeskRefusal.TOO_MANY)


def with_case(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Decorate a view that works on a case: it gets an open one of this agent's own, whose user may still be helped.
    Another agent's does not exist (404). `HelpDeskRefused` becomes a sentence on the page."""

    @agents_only
    @wraps(view)
    def checked(request: HttpRequest, public_id: str, **kwargs: Any) -> HttpResponseBase:
        case = get_object_or_404(Case, public_id=public_id, agent_id=request.user.pk, user__isnull=False)
        try:
            verify_case(case, request.user)
            return view(request, case, **kwargs)
        except HelpDeskRefused as error:
            return refused(request, case, error)

    return checked


def refused(request: HttpRequest, case: Case, error: HelpDeskRefused) -> HttpResponse:
    text, status = refused_text(error), refused_status(error)
    if error.reason in (HelpDeskRefusal.CASE_CLOSED, HelpDeskRefusal.NOBODY):
        done = done_by(request, case)  # what was sent again was done while it was open
        return redirect("help_desk:receipt", done.public_id) if done else closed(request)
    if error.reason is HelpDeskRefusal.WRONG_CODE:
        case.refresh_from_db()
        text = wrong_code_text(TRIES - case.code_tries)
    return render_case(request, case, error=text, status=status)


def closed(request: HttpRequest) -> HttpResponse:
    """Show the search, and that the case is closed: "nothing was done" only to whoever has asked for something."""
    text = refused_text(HelpDeskRefused(HelpDeskRefusal.CASE_CLOSED))
    if request.method == "GET":
        text = _("This case is closed. Open a new case.")
    return search_page(request, SearchForm(), error=text, status=409)


def done_by(request: HttpRequest, case: Case) -> CaseReceipt | None:
    """Return the receipt of the order that this request is about, whether it is shown or sent again; None where that
    was not carried out."""
    form = OrderForm(request.POST)
    form.is_valid()
    _order, shown = read_order(request.GET.get("order", ""), case)
    nonces = {form.cleaned_data.get("nonce"), shown} - {None, ""}
    return CaseReceipt.objects.filter(case=case, nonce__in=nonces).first() if nonces else None


def search_page(
    request: HttpRequest, form: SearchForm, *, error: str = "", status: int = 200
) -> HttpResponse:
    context = {
        "base_template": conf.base_template,
        "form": form,
        "error": error,
        "open_cases": open_cases_of(request.user),
    }
    return render(request, "sessions_ui/help_desk/search.html", context, status=status)


def open_cases_of(agent: Any) -> list[dict[str, Any]]:
    """Return the agent's own cases that can still be worked on, the newest first, with the names of their people."""
    mine = Case.objects.filter(agent_id=agent.pk, user_id__isnull=False, expires_at__gt=timezone.now())
    cases = list(mine.order_by("-opened_at")[:OPEN_CASES])
    people = all_users().in_bulk([case.user_id for case in cases]) if cases else {}
    return [
        {"case": case, "user_name": str(people[case.user_id])} for case in cases if case.user_id in people
    ]


@require_http_methods(["GET", "POST"])
@agents_only
def search(request: HttpRequest) -> HttpResponseBase:
    """Search for a user by POST, so that names of people do not get into logs of URLs."""
    form = SearchForm(request.POST or None)
    if not form.is_valid():
        return search_page(request, form, status=422 if form.is_bound else 200)
    try:
        case = open_case(agent=request.user, term=form.cleaned_data["term"])
    except HelpDeskRefused as error:
        return search_page(request, form, error=refused_text(error), status=refused_status(error))
    return redirect("help_desk:case", case.public_id)


@require_GET
@with_case
def show(request: HttpRequest, case: Case) -> HttpResponseBase:
    """Show the case, with the addresses where they were asked for just now (`network()`)."""
    asked_for, entered = ("", None)
    if SHOW_NETWORK in request.GET:
        asked_for, entered = request.session.pop(NETWORK, None) or ("", None)
    is_asked_for = asked_for == case.public_id
    return render_case(request, case, show_network=is_asked_for, entered=entered if is_asked_for else None)


def or_reload(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Decorate what a page asks for by itself: where it gets no part of the case any more, because the case is closed,
    or the agent signed out or needs another factor, htmx loads the page again, which says so."""

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        is_part = response.status_code in (204, STOP_POLLING)
        return response if is_part or not is_led_by_headers(request) else HttpResponseClientRefresh()

    return checked


@passive
@require_GET
@or_reload
@with_case
def state(request: HttpRequest, case: Case) -> HttpResponseBase:
    """Answer the page that waits for a second agent: 204 while nobody has decided, then what is different by now."""
    if case.approval_asked_at is not None and not case.is_proven:
        return HttpResponse(status=204)
    context = {"page": case_page(case), "case": case, "code_form": CodeForm(), "swapped": True}
    return render(request, "sessions_ui/help_desk/_state.html", context, status=STOP_POLLING)


@require_POST
@with_case
def verify_caller(request: HttpRequest, case: Case) -> HttpResponseBase:
    form = VerifyForm(request.POST)
    if not form.is_valid():
        return render_case(request, case, form=form, status=422)
    caller.verify_caller(case=case, agent=request.user, **form.cleaned_data)
    return redirect("help_desk:case", case.public_id)


@require_POST
@with_case
def network(request: HttpRequest, case: Case) -> HttpResponseBase:
    """Lead to the addresses, on one page; looking again is another event. What was entered stays there."""
    caller.reveal_network(case=case, agent=request.user)
    request.session[NETWORK] = [case.public_id, entered_in(request.POST)]
    return HttpResponseRedirect(f"{reverse('help_desk:case', args=[case.public_id])}?{SHOW_NETWORK}")


@require_POST
@with_case
def send_code(request: HttpRequest, case: Case) -> HttpResponseBase:
    mail_code(case=case, agent=request.user)
    return redirect("help_desk:case", case.public_id)


@sensitive_post_parameters("code")
@require_POST
@with_case
def check_code(request: HttpRequest, case: Case) -> HttpResponseBase:
    form = CodeForm(request.POST)
    if not form.is_valid():
        return render_case(request, case, code_form=form, status=422)
    try:
        prove.check_code(case=case, agent=request.user, code=form.cleaned_data["code"])
    except HelpDeskRefused as error:
        case.refresh_from_db()
        if error.reason not in ABOUT_A_CODE or not case.is_proven:
            raise
        # The form was sent twice, or a second agent was faster: no code is needed any more.
        messages.info(request, _("Proof has already been given. You can continue."), fail_silently=True)
    return redirect("help_desk:case", case.public_id)


def shown_with_order(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Decorate a page that shows an order: without one its address is that of an act, which leads back to the case."""

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method == "GET" and "order" not in request.GET:
            return HttpResponseNotAllowed(["POST"])
        return view(request, *args, **kwargs)

    return checked


@require_http_methods(["GET", "POST"])
@shown_with_order
@with_case
def review(request: HttpRequest, case: Case) -> HttpResponseBase:
    """Show what is about to happen, to whom, and what they will read. Nothing is done yet.

    A form leads to a page of its own. The order in its address is signed, with the nonce that makes it one order: what
    was done is not done again from there, so whoever comes back to it gets the receipt.
    """
    if request.method != "POST":
        waiting, nonce = read_order(request.GET.get("order", ""), case)
        if waiting is None:
            return redirect("help_desk:case", case.public_id)
        done = CaseReceipt.objects.filter(case=case, nonce=nonce).first()
        return (
            redirect("help_desk:receipt", done.public_id) if done else reviewed(request, case, waiting, nonce)
        )
    form = OrderForm(request.POST)
    form.is_valid()
    if "happened_at" in form.errors:
        text = _("“Since when” needs a date and time in the past. Nothing was done.")
        return render_case(request, case, error=text, status=422, entered=entered_in(request.POST))
    order = form.order()
    carrying_out.verify_order(case, request.user, order)
    if order.everything and not is_typed_right(request.POST.get("typed", ""), case_page(case).username):
        text = _("To sign out everything, type the user’s name exactly as it is shown. Nothing was done.")
        return render_case(request, case, error=text, status=422, entered=entered_in(request.POST))
    targets_for(request, case, order)
    nonce = get_random_string(NONCE_LENGTH)
    signed = sign_order(order, nonce, case)
    address = f"{reverse('help_desk:review', args=[case.public_id])}?{urlencode({'order': signed})}"
    if len(address) > LONGEST_ADDRESS:
        return reviewed(request, case, order, nonce)
    return HttpResponseRedirect(address)


def targets_for(request: HttpRequest, case: Case, order: Order) -> list[ordered.Target]:
    """Return whom the order is about, if it may be carried out now; otherwise raise `HelpDeskRefused`."""
    user = carrying_out.verify_order(case, request.user, order)
    return ordered.targets_for(user, order)


def reviewed(request: HttpRequest, case: Case, order: Order, nonce: str) -> HttpResponse:
    targets, page = targets_for(request, case, order), case_page(case)
    lost = ordered.lost_of(order, targets)
    context = {
        "base_template": conf.base_template,
        "page": page,
        "order": order,
        "lines": [carrying_out.line(target, target.result, order, lost) for target in targets],
        "mails": mails(page.user, order, targets),
        "nonce": nonce,
        "happened_at": moments.aware(order.happened_at).isoformat() if order.happened_at else "",
    }
    return render(request, "sessions_ui/help_desk/review.html", context)


def mails(user: Any, order: Order, targets: list[ordered.Target]) -> list[dict[str, Any]]:
    """Return the mails about what ends that the person will get: one for each act that ends something, if there is an
    address."""
    if not told_about(user) and not receivers_of(user.pk):
        return []
    ending = ordered.ending(user, order, targets).by_owner()
    lost = ordered.on(ordered.lost_of(order, targets))
    by_reason = {EndReason.DEVICE_LOST: ending.filter(lost), EndReason.HELP_DESK: ending.exclude(lost)}
    counts = {why: (rows.sign_ins().count(), rows.tokens().count()) for why, rows in by_reason.items()}
    return [
        {"subject": ended_subject(*count), "why": why.label} for why, count in counts.items() if any(count)
    ]


@require_POST
@with_case
def carry_out(request: HttpRequest, case: Case) -> HttpResponseBase:
    form = OrderForm(request.POST)
    if not form.is_valid() or not form.cleaned_data["nonce"]:
        raise HelpDeskRefused(HelpDeskRefusal.NOTHING_SELECTED)
    receipt = carrying_out.carry_out(
        case=case, agent=request.user, order=form.order(), nonce=form.cleaned_data["nonce"]
    )
    return redirect("help_desk:receipt", receipt.public_id)


@require_POST
@with_case
def found(request: HttpRequest, case: Case, device_id: str) -> HttpResponseBase:
    device = get_object_or_404(Device, public_id=device_id, user_id=case.user_id, lost_at__isnull=False)
    carrying_out.give_back(case=case, agent=request.user, device=device)
    return redirect("help_desk:case", case.public_id)


@require_POST
@with_case
def send_recovery_link(request: HttpRequest, case: Case) -> HttpResponseBase:
    mailed = recovery.send_link(case=case, agent=request.user)
    if mailed is None:
        say_not_recovered(request)
    elif mailed:
        messages.success(request, _("The link was sent."), fail_silently=True)
    elif not recovery.has_address(case):
        text = _("There is no address to which a link to the next steps could be sent.")
        messages.info(request, text, fail_silently=True)
    else:
        text = _("No new link was sent because the last one was sent only recently. Try again later.")
        messages.info(request, text, fail_silently=True)
    return redirect("help_desk:case", case.public_id)


@require_POST
@with_case
def lift_recovery(request: HttpRequest, case: Case) -> HttpResponseBase:
    if recovery.lift(case=case, agent=request.user):
        messages.success(request, _("The recovery has ended."), fail_silently=True)
    else:
        say_not_recovered(request)
    return redirect("help_desk:case", case.public_id)


def say_not_recovered(request: HttpRequest) -> None:
    """Answer a button of a recovery that is over: its steps are done, or it was ended meanwhile."""
    text = _("The account is not being given back at the moment, so nothing was done.")
    messages.info(request, text, fail_silently=True)


@require_GET
@agents_only
def show_receipt(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """Show what was done. It stays readable when the case is closed: it is what the agent shows afterwards."""
    receipt = get_object_or_404(
        CaseReceipt.objects.select_related("case"), public_id=public_id, case__agent_id=request.user.pk
    )
    context = {
        "base_template": conf.base_template,
        "receipt": receipt,
        "ticket": ticket_of(receipt),
        "has_ended": any(line["result"] != CaseReceipt.Result.ALREADY for line in receipt.lines),
        "is_told": is_told(receipt),
        "has_link": has_link(receipt),
        "case": receipt.case,
        "user_name": str(receipt.case.account() or ""),
    }
    return render(request, "sessions_ui/help_desk/receipt.html", context)


def steps_with(receipt: CaseReceipt) -> QuerySet[Event]:
    """Return the event of what this is the receipt of."""
    user_id: Any = receipt.case.user_id
    steps = Event.objects.filter(user_id=user_id, kind=Event.Kind.HELP_DESK)
    return steps.filter(data__receipt=receipt.public_id)


def ticket_of(receipt: CaseReceipt) -> str:
    """Return the ticket under which it was done: the case may go on under another one."""
    noted = steps_with(receipt).values_list("ticket", flat=True).first()
    return receipt.case.ticket if noted is None else noted


def is_told(receipt: CaseReceipt) -> bool:
    """Return whether a mail says what was ended: none does where nothing was left to end, or without an address."""
    user_id: Any = receipt.case.user_id
    acts = steps_with(receipt).values_list("data__acts", flat=True).first()
    return Delivery.objects.filter(user_id=user_id, channel="mail", act__in=acts or []).exists()


def has_link(receipt: CaseReceipt) -> bool:
    """Return whether the recovery that this order has begun has an address to which its link goes."""
    user_id: Any = receipt.case.user_id
    opened = Recovery.objects.filter(user_id=user_id).order_by("-id").first() if receipt.recovery else None
    return opened is None or bool(opened.address)

"""Asking for a further proof before older sign-ins end: a mailed code, or another factor (docs/architecture.md, 10)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from sessions_ui.actions.devices.confirm import confirm_device, confirm_devices
from sessions_ui.actions.one_time_codes import CodeUnderWay
from sessions_ui.actions.step_up.codes import (
    can_give_code,
    check_code,
    code_under_way,
    is_code_held_up,
    is_proven,
    other_factor,
    send_code,
)
from sessions_ui.actions.step_up.factors import is_of_sign_in
from sessions_ui.actions.step_up.policy import (
    Shown,
    acting_session,
    ends_older,
    is_settled,
    oldest_elsewhere,
    settled_device_elsewhere,
)
from sessions_ui.actions.trusted_addresses import trusted_addresses
from sessions_ui.bridges.listing import counts_of
from sessions_ui.conf import conf
from sessions_ui.context import require_owner
from sessions_ui.exceptions import CannotVouch, ProofRefusal, ProofRefused
from sessions_ui.models import Device, Session, VerificationCode
from sessions_ui.models.session import SessionQuerySet
from sessions_ui.web.responses.login_required import login_required
from sessions_ui.web.step_up.pending import WaitingAct, carry_on, led_to_question, question, too_late
from sessions_ui.web.step_up.reauthentication import Way, reauthentication
from sessions_ui.wording.credentials import masked

END_OLDER = VerificationCode.Purpose.END_OLDER
# Asked for on a page of its own, before anything was sent, which leads back to where somebody came from.
BY_PAGE = (VerificationCode.Purpose.CREDENTIAL, VerificationCode.Purpose.ADMINISTRATION)
# In the address of a page: whether the form that led there has just mailed a code (1).
JUST_SENT = "sent"


class CodeForm(forms.Form):
    """Six digits, as people type them: spaces do no harm."""

    code = forms.CharField(
        label=gettext_lazy("The code from the email"),
        max_length=16,
        widget=forms.TextInput(
            attrs={"inputmode": "numeric", "autocomplete": "one-time-code", "autofocus": True}
        ),
    )


def lacks_proof_to_end(
    request: HttpRequest, *, ends: SessionQuerySet | None = None, bridged: bool = False
) -> Session | None:
    """Return the session that acts, where it has to show more than it signed in with before this ends; None where it
    may go on. Pages and the API ask the same.

    That is for `ends` that are older than it, and with `bridged` for what other packages let in for this person. How
    old the latter is says little: some packages make new ones of old ones all the time.
    """
    session = acting_session()
    if session is None:
        return None
    is_asked = (ends is not None and ends_older(session, ends)) or (
        bridged and not is_settled(session, timezone.now()) and has_bridged(request.user)
    )
    return session if is_asked and not _is_proven(request, session, END_OLDER) else None


def lacks_proof_to_rename(request: HttpRequest, device: Device) -> Session | None:
    """Return the session that acts, where it has to show more before it names this device; None where it may.

    One that does not vouch for itself names its own, and those that came after it, or the owner would take the others
    for strange. Raises `NotTheOwner` where staff uses the account: it is not asked for what it may not do.
    """
    require_owner()
    session = acting_session()
    if session is None or session.device_id == device.pk or not stands_above(device, session):
        return None
    return None if _is_proven(request, session, VerificationCode.Purpose.CONFIRM) else session


def _is_proven(request: HttpRequest, session: Session, purpose: VerificationCode.Purpose) -> bool:
    return is_proven(user=request.user, session=session, purpose=purpose)


def ask_for_proof(
    request: HttpRequest, what: str, *, ends: SessionQuerySet | None, bridged: bool
) -> HttpResponse | None:
    """Return None when the act may go on, else mail a code and return the response that asks for it."""
    session = lacks_proof_to_end(request, ends=ends, bridged=bridged)
    return None if session is None else _ask(request, session, what, END_OLDER)


def has_bridged(user: Any) -> bool:
    """Return whether other packages let in for this person, or one of them cannot say."""
    counts = counts_of([user.pk])
    return bool(counts.by_user or counts.unknown)


def ask_unless_proven(
    request: HttpRequest, session: Session, what: str, purpose: VerificationCode.Purpose
) -> HttpResponse | None:
    """Return None when this session has shown more than it signed in with, for this purpose, else the response that
    asks for it."""
    return None if _is_proven(request, session, purpose) else _ask(request, session, what, purpose)


def _ask(
    request: HttpRequest, session: Session, what: str, purpose: VerificationCode.Purpose
) -> HttpResponse:
    return asked_for_proof(request, session, WaitingAct.of(request, what, purpose))


def ask_unless_settled(request: HttpRequest, what: str) -> HttpResponse | None:
    """Return None when this session vouches for itself, or has shown more than it signed in with, else the response
    that asks for it. For what voids the password: a thief must not be able to do that to the owner, however old the
    thief's session is."""
    session = acting_session()
    if session is None or is_settled(session, timezone.now()):
        return None
    return ask_unless_proven(request, session, what, VerificationCode.Purpose.RECOVER)


def ask_to_distrust(request: HttpRequest, what: str, *, device: Device) -> HttpResponse | None:
    """Return None when this session may say that the device is lost, else the response that asks for a proof: a session
    that does not vouch for itself must not take that from a device that vouches, or that was there before it."""
    session = acting_session()
    if session is None or not stands_above(device, session):
        return None
    return ask_unless_proven(request, session, what, END_OLDER)


def ask_to_rename(request: HttpRequest, what: str, *, device: Device) -> HttpResponse | None:
    """Return None when this session may name the device, else the response that asks for a proof."""
    session = lacks_proof_to_rename(request, device)
    return None if session is None else _ask(request, session, what, VerificationCode.Purpose.CONFIRM)


def stands_above(device: Device, session: Session) -> bool:
    """Return whether the device vouches, or was there before this session, which does not vouch for itself."""
    if session.signed_in_at is None:
        return False
    stood_before = device.confirmed_at is not None or device.first_seen_at < session.signed_in_at
    return stood_before and not is_settled(session, timezone.now())


def has_vouched(user: Any, session: Session) -> bool:
    purpose = VerificationCode.Purpose.RECOVER
    return is_settled(session, timezone.now()) or is_proven(user=user, session=session, purpose=purpose)


def vouch(request: HttpRequest, what: str, *, devices: Sequence[Device]) -> HttpResponse | None:
    """Confirm the devices ("Yes, it's mine"), all or none, and return None. Where the session that says so does not
    vouch for one of them (it is young, unconfirmed, or on that very device) mail a code first, and return the response
    that asks for it."""
    session = acting_session()
    shown = Shown.OTHER_DEVICE
    purpose = VerificationCode.Purpose.CONFIRM
    if session is not None and is_proven(user=request.user, session=session, purpose=purpose):
        shown = Shown.FACTOR if other_factor(session) else Shown.MAILED_CODE
    try:
        confirm_devices(devices=devices, actor=request.user, proof=shown)
    except CannotVouch:
        if session is None:
            raise
        return asked_for_proof(request, session, WaitingAct.of(request, what, purpose))
    return None


def ask_for_more(request: HttpRequest, what: str) -> HttpResponse | None:
    """Return None when this session has shown more than it signed in with, else the response that asks for it. For what
    only the owner may say of a device, whatever session says it ("I found it")."""
    session = acting_session()
    return (
        None
        if session is None
        else ask_unless_proven(request, session, what, VerificationCode.Purpose.CONFIRM)
    )


@sensitive_post_parameters("code")
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def prove(request: HttpRequest) -> HttpResponseBase:
    """Check the answer. A GET asks, or comes back from another factor and offers to carry on; it sends nothing."""
    fields = request.POST if request.method == "POST" else request.GET
    act = WaitingAct.read(fields.get("act", ""), request.user)
    session = acting_session()
    if act is None or session is None or act.purpose not in VerificationCode.Purpose.values:
        return too_late(request)
    purpose = VerificationCode.Purpose(act.purpose)
    if request.method != "POST":
        return asked_for_proof(request, session, act, send=False)
    if is_proven(user=request.user, session=session, purpose=purpose):
        return carry_on(request, act)
    if "again" in request.POST:
        return asked_for_proof(request, session, act, again=True)
    form = CodeForm(request.POST)
    if not form.is_valid():
        return asked_for_proof(request, session, act, form=form, status=422)
    try:
        check_code(user=request.user, session_id=session.pk, purpose=purpose, code=form.cleaned_data["code"])
    except ProofRefused as error:
        under_way = code_under_way(user=request.user, session_id=session.pk, purpose=purpose)
        form.add_error("code", wrong_text(error.reason, under_way))
        return asked_for_proof(request, session, act, form=form, send=False, status=422)
    if "mine" in request.POST and session.device is not None:
        confirm_device(device=session.device, actor=request.user, proof=Shown.MAILED_CODE)
    return carry_on(request, act)


def asked_for_proof(
    request: HttpRequest,
    session: Session,
    act: WaitingAct,
    *,
    form: CodeForm | None = None,
    send: bool = True,
    again: bool = False,
    status: int = 200,
) -> HttpResponse:
    """Show the question, or lead to it. `send`: mail a code, unless one is under way; `again`: mail another one. An
    account without an address is asked for no code, and told what else there is."""
    user: Any = request.user
    purpose = VerificationCode.Purpose(act.purpose)
    proven = request.method != "POST" and is_proven(user=user, session=session, purpose=purpose)
    addresses, error = [], ""
    by_code = can_give_code(user=user, session_id=session.pk, purpose=purpose)
    if send and by_code:
        try:
            sent = send_code(user=user, session_id=session.pk, purpose=purpose, again=again)
            addresses = [masked(address) for address in sent]
        except ProofRefused as refused:
            error, status = (
                refusal_text(refused.reason),
                429 if refused.reason is ProofRefusal.TOO_MANY else 422,
            )
    if form is None and not error:
        marks = {JUST_SENT: "1"} if addresses else {}
        if led := led_to_question(request, act, "sessions_ui:prove", **marks):
            return led
    back = f"{reverse('sessions_ui:prove')}?{urlencode({'act': act.sign(user)})}"
    ways = [way for way in reauthentication(request).ways(back) if is_other_factor(way, session)]
    by_page = purpose in BY_PAGE
    other_device = "" if by_code and not by_page else elsewhere(act, session)
    under_way = code_under_way(user=user, session_id=session.pk, purpose=purpose) if by_code else None
    if under_way is not None and says_just_sent(request, under_way):
        addresses = [masked(address) for address in trusted_addresses(user)]
    context = {
        "purpose": act.purpose,
        "by_page": by_page,
        "error": error,
        "proven": proven,
        "addresses": addresses,
        "under_way": under_way,
        # A page that is only opened mails nothing: it offers to.
        "offers_code": by_code and by_page and under_way is None,
        "receivers": [masked(address) for address in trusted_addresses(user)] if by_page else [],
        "held_up": under_way is not None and is_code_held_up(user),
        "form": (form or CodeForm()) if by_code else None,
        "ways": ways,
        "elsewhere": other_device,
        "has_another_way": bool(ways or other_device or conf.help_url),
        "minutes": int(conf.proof_age.total_seconds() // 60),
        "help_url": conf.help_url,
    }
    return question(request, act, "prove", context, status=status)


def says_just_sent(request: HttpRequest, under_way: CodeUnderWay) -> bool:
    """Return whether the page says where the code went: for as long as none other can be sent, to whom a form that has
    sent one led here."""
    return request.method != "POST" and request.GET.get(JUST_SENT) == "1" and under_way.wait > 0


def elsewhere(act: WaitingAct, session: Session) -> str:
    """Return on which other device the act needs no proof, in words; empty where there is none."""
    if act.path.endswith("/found/"):  # any session has to prove that (`ask_for_more()`)
        return ""
    settled = settled_device_elsewhere(session)
    is_confirmed = settled is not None and settled.confirmed_at is not None
    signs_out = act.purpose == VerificationCode.Purpose.END_OLDER
    if signs_out and not is_confirmed and oldest_elsewhere(session):
        return _("On the device that was signed in first, you can do this without this step.")
    if settled is None:
        return ""
    if not is_confirmed and f"/{settled.public_id}/" in act.path:  # no device says of itself whose it is
        return ""
    if not is_confirmed or act.purpose in BY_PAGE:
        return _("On “%(device)s”, you can do this without this step.") % {"device": settled.title}
    return _(
        "On another device that you’ve confirmed and used for a while, you can do this without this step."
    )


def is_other_factor(way: Way, session: Session) -> bool:
    """Return whether it is not the sign-in's own factor, nor a recovery code, which can be read where somebody is
    signed in."""
    return not way.without_phone and not is_of_sign_in(way.method, session, session.shown)


def wrong_text(reason: ProofRefusal, under_way: CodeUnderWay | None) -> str:
    """Return why a code was not accepted, and how many tries are left at it (`under_way` as it is by now)."""
    text = refusal_text(reason)
    if reason is not ProofRefusal.WRONG_CODE:
        return text
    if under_way is None:
        return _("That is not the code, and it was your last try. Ask for another code.")
    left = ngettext("%(count)d try is left.", "%(count)d tries are left.", under_way.tries_left)
    return f"{text} {left % {'count': under_way.tries_left}}"


def refusal_text(reason: ProofRefusal) -> str:
    texts = {
        ProofRefusal.WRONG_CODE: _("That is not the code."),
        ProofRefusal.CODE_OVER: _("This code is no longer valid. Ask for another one."),
        ProofRefusal.TOO_MANY: _(
            "We’ve sent too many codes lately, so we haven’t sent another one. Nothing was changed. Try again in "
            "an hour or later."
        ),
        ProofRefusal.NO_ADDRESS: _("There’s no email address we could send a code to. Nothing was changed."),
    }
    return texts[reason]

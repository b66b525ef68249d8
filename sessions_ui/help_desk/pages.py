"""What the case page shows: the least that the job needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from sessions_ui import outbox
from sessions_ui.actions.endings.require_password import is_password_required
from sessions_ui.actions.help_desk.open import FORMER_ADDRESS
from sessions_ui.actions.help_desk.prove import APPROVAL_REFUSED
from sessions_ui.actions.one_time_codes import TRIES, CodeUnderWay, wait_after
from sessions_ui.actions.step_up.codes import can_send_code
from sessions_ui.conf import conf
from sessions_ui.credentials import KnownAddress
from sessions_ui.help_desk.forms import CodeForm, VerifyForm
from sessions_ui.models import Case, Device, Event, Recovery, ServiceAccount
from sessions_ui.user_model import has_usable_password, is_active
from sessions_ui.web.devices.overview.cards import Card
from sessions_ui.web.devices.overview.listing import told_apart
from sessions_ui.web.devices.overview.rows import cards_of
from sessions_ui.web.tokens.keys import valid_tokens
from sessions_ui.wording.names import distinct_titles

TIMELINE = 50  # the newest events of the account


@dataclass(frozen=True)
class CasePage:
    """What the case page shows. `cards`, `lost` and `addresses` are empty until the caller was verified. `lost`:
    devices with titles that tell them apart. `tokens`: how many access tokens are valid, which end with everything or
    not at all.
    `show_network`: show network addresses, for this one page. `found_by_former`: the account was searched for by an
    address that it no longer has."""

    case: Case
    user: Any
    cards: list[Card]
    lost: list[tuple[Device, str]]
    count: int
    tokens: int
    timeline: list[Event]
    show_network: bool
    addresses: list[KnownAddress]
    found_by_former: bool

    @cached_property
    def is_service_account(self) -> bool:
        return ServiceAccount.is_one(self.user.pk)

    @property
    def may_send_code(self) -> bool:
        return not self.is_service_account and can_send_code(self.user)

    @cached_property
    def code(self) -> CodeUnderWay | None:
        """The code that the caller can still read back."""
        sent_at, until = self.case.code_sent_at, self.case.code_expires_at
        tries_left = TRIES - self.case.code_tries
        if sent_at is None or until is None or until <= timezone.now() or tries_left <= 0:
            return None
        return CodeUnderWay(sent_at, until, tries_left)

    @property
    def code_wait(self) -> int:
        """In how many seconds another code can be sent."""
        return wait_after(self.case.code_sent_at) if self.case.code_sent_at is not None else 0

    @property
    def is_code_held_up(self) -> bool:
        return outbox.is_held_up(user_id=self.user.pk, kind=Event.Kind.HELP_DESK)

    @property
    def may_require_password(self) -> bool:
        return not self.is_service_account and has_usable_password(self.user)

    @property
    def may_give_back(self) -> bool:
        return self.case.is_proven and not self.is_service_account

    @property
    def is_disabled(self) -> bool:
        return not is_active(self.user)

    @property
    def password_is_required(self) -> bool:
        return is_password_required(self.user)

    @cached_property
    def recovery(self) -> Recovery | None:
        return Recovery.objects.of(self.user).open().first() if self.case.is_verified else None

    @property
    def waits_for_agent(self) -> bool:
        return self.case.approval_asked_at is not None and not self.case.is_proven

    @property
    def proof_is_begun(self) -> bool:
        asked = self.case.code_sent_at or self.case.approval_asked_at
        return asked is not None or self.refused_approval is not None

    @property
    def is_about_loss(self) -> bool:
        return self.case.reason == Case.Reason.LOST

    @cached_property
    def refused_approval(self) -> Event | None:
        """The refusal of a second agent, where nobody else was asked since."""
        if self.case.is_proven or self.case.approval_asked_at is not None:
            return None
        return refusals_of(self.case).order_by("-id").first()

    @property
    def ways(self) -> list[str]:
        return [str(text) for key, text in conf.help_desk_ways.items() if key in self.case.ways]

    @property
    def username(self) -> str:
        return str(self.user.get_username())


def refusals_of(case: Case) -> QuerySet[Event]:
    """Return the refusals of second agents."""
    return steps_of(case, APPROVAL_REFUSED)


def steps_of(case: Case, step: str) -> QuerySet[Event]:
    user_id: Any = case.user_id
    steps = Event.objects.filter(user_id=user_id, kind=Event.Kind.HELP_DESK)
    return steps.filter(data__case=case.public_id, data__step=step)


def case_page(case: Case, *, show_network: bool = False) -> CasePage:
    user = case.account()
    # All of them one by one, also those that the owner's page puts elsewhere or folds into one line.
    cards = told_apart(cards_of(user, current_id=None))
    verified = case.is_verified
    lost = Device.objects.filter(user_id=user.pk, lost_at__isnull=False).order_by("-lost_at")
    # That a mail went out says nothing to an agent that its cause does not.
    happened = Event.objects.filter(user_id=user.pk).exclude(kind=Event.Kind.DELIVERED)
    return CasePage(
        case=case,
        user=user,
        cards=cards if verified else [],
        lost=titled(lost) if verified else [],
        count=len(cards),
        tokens=valid_tokens(user),
        timeline=list(happened.order_by("-id").select_related("device")[:TIMELINE]) if verified else [],
        show_network=show_network,
        addresses=conf.address_book().addresses(user) if verified else [],
        found_by_former=is_found_by_former(case),
    )


def titled(devices: Iterable[Device]) -> list[tuple[Device, str]]:
    """Return these devices with their titles: of two of one name each button has to say whose it is."""
    found = list(devices)
    return list(zip(found, distinct_titles([(device, None) for device in found]), strict=True))


def is_found_by_former(case: Case) -> bool:
    user_id: Any = case.user_id
    opened = Event.objects.filter(user_id=user_id, kind=Event.Kind.HELP_DESK, data__case=case.public_id)
    return opened.filter(data__by=FORMER_ADDRESS).exists()


def render_case(
    request: HttpRequest,
    case: Case,
    *,
    form: VerifyForm | None = None,
    code_form: CodeForm | None = None,
    error: str = "",
    status: int = 200,
    show_network: bool = False,
    entered: Mapping[str, Any] | None = None,
) -> HttpResponse:
    """Show the case. `entered`: what stands in the form of the devices or in that of all (`entered_in()`)."""
    page = case_page(case, show_network=show_network)
    entered = entered or {}
    of_selected = entered.get("of") == "selected"
    context = {
        "base_template": conf.base_template,
        "page": page,
        "form": form or VerifyForm(),
        "code_form": code_form or CodeForm(),
        "error": error,
        "of_selected": entered if of_selected else {"lost": page.is_about_loss},
        "of_all": {} if of_selected else entered,
    }
    return render(request, "sessions_ui/help_desk/case.html", context, status=status)

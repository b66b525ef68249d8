"""The mail with a code that somebody has to type in before older devices are signed out, or a sign-in goes on."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from sessions_ui.channels.base import DeliveryFailed
from sessions_ui.channels.emails.alert import sign_in_line
from sessions_ui.channels.emails.base import Letter, link
from sessions_ui.conf import conf
from sessions_ui.models import Delivery, Event, VerificationCode
from sessions_ui.not_me_link import not_me_token


def context(delivery: Delivery) -> dict[str, Any]:
    event = delivery.event
    assert event is not None and event.user_id is not None
    proof = (
        VerificationCode.objects.select_related("session__device")
        .filter(pk=event.data.get("proof"), user_id=event.user_id)
        .first()
    )
    if proof is None or proof.expires_at <= timezone.now():
        raise DeliveryFailed("the code is too old", permanent=True)
    # Anonymous where a sign-in waits for the code: then there is nothing yet to sign out.
    is_signed_in = proof.session.user_id is not None
    return {
        "code": proof.code(),
        "purpose": proof.get_purpose_display(),
        "minutes": int(conf.proof_age.total_seconds() // 60),
        "device": sign_in_line(proof.session) if is_signed_in else None,
        "not_me_url": link("sessions_ui:not_me", not_me_token(delivery.pk)) if is_signed_in else "",
    }


CODE = Letter(name="code", kind=Event.Kind.CODE_SENT, optional=False, context=context, awaited=True)

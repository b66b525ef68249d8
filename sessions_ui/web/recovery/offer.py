"""After people change how they sign in, the next page offers to sign out everything else (ASVS 5.0 7.4.3)."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import ngettext

from sessions_ui.conf import conf
from sessions_ui.models import Session
from sessions_ui.store import store_of

# The message's extra tag. Where a template shows messages, it includes "sessions_ui/_offer.html" in one with this tag.
OFFER = "sui-offer"
# On the request: changing one factor may change others, too.
OFFERED = "_sessions_ui_offered"


def offer_to_sign_out_others(request: HttpRequest) -> bool:
    """Leave a message for the next page that offers to sign out everything else (ASVS 5.0 7.4.3), once a request;
    returns whether it was left.

    None where nothing else is signed in, or where `FACTOR_CHANGE_ENDS` has ended it already. Needs
    `django.contrib.messages`; without it the devices page is where people find the same button.
    """
    store = store_of(request)
    if conf.factor_change_ends != "offer" or store is None or store.session_id is None:
        return False
    others = Session.objects.of(request.user).living().sign_ins().exclude(pk=store.session_id).count()
    if not others or getattr(request, OFFERED, False):
        return False
    setattr(request, OFFERED, True)
    text = ngettext(
        "You changed how you sign in. %(count)d other sign-in to your account stays active.",
        "You changed how you sign in. %(count)d other sign-ins to your account stay active.",
        others,
    )
    messages.warning(request, text % {"count": others}, extra_tags=OFFER, fail_silently=True)
    return True

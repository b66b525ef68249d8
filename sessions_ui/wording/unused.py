"""Words for what nobody uses: how long it was not used, and when it is signed out for that."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from sessions_ui.conf.endings import NEVER, whole_months


def months_text(months: int) -> str:
    """Return "3 months"."""
    return ngettext("%(months)d month", "%(months)d months", months) % {"months": months}


def not_used_text(moment: datetime, now: datetime | None = None) -> str:
    """Return "Not used for 4 months" of what was last used at this moment; empty for less than a month."""
    months = whole_months((now or timezone.now()) - moment)
    return _("Not used for %(months)s") % {"months": months_text(months)} if months > 0 else ""


def choice_text(months: int) -> str:
    """Return the choice as it stands after "Sign out what I don’t use"."""
    return _("Never") if months == NEVER else _("After %(months)s") % {"months": months_text(months)}


def chosen_text(months: int, *, is_told: bool) -> str:
    """Return what the page says when the choice is saved. `is_told`: a mail can go out before it comes to that."""
    if months == NEVER:
        return _("Saved. You chose not to sign out unused devices.")
    saved = _("Saved. Devices that you don’t use for %(months)s will be signed out.")
    texts = [saved % {"months": months_text(months)}]
    if is_told:
        texts.append(_("We’ll email you a few days before."))
    return " ".join(texts)

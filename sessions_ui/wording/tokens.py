"""Words for access tokens."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from sessions_ui.exceptions import TokenRefusal

REFUSALS: dict[TokenRefusal, Any] = {
    TokenRefusal.NO_NAME: _("Give it a name, so that you know it again."),
    TokenRefusal.NO_SCOPE: _("Say what it may do."),
    TokenRefusal.UNKNOWN_SCOPE: _("There is no such permission."),
    TokenRefusal.IN_THE_PAST: _("It would be over already: choose a day that is still to come."),
    TokenRefusal.TOO_LONG: _("It would be valid for too long: choose an earlier day."),
    TokenRefusal.TOO_MANY: _(
        "There are as many valid tokens as the account may have. End one of them first."
    ),
    TokenRefusal.NO_OWNER: _("Nobody answers for this service account. It needs an owner first."),
    TokenRefusal.BY_TOKEN: _("A token makes no token: sign in to make one."),
}

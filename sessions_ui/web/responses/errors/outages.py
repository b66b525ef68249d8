"""What a host project may use when its database is away: a page in place of a 500, and a log that stays readable.

Nothing of it is in effect by itself: `handler500 = "sessions_ui.web.server_error"` in the root
URLconf, and `sessions_ui.QuietOutages` as a filter of the handlers in LOGGING (docs/production.md,
"What happens when").
"""

from __future__ import annotations

import sys

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views import defaults

from sessions_ui.database.outages import is_outage
from sessions_ui.web.responses.errors import later


def server_error(request: HttpRequest, template_name: str = "500.html") -> HttpResponseBase:
    """Show Django's page for an error of ours; 503 with `Retry-After` and an explanation where the database is away or
    refuses writes."""
    if is_outage(sys.exc_info()[1]):
        return later.unavailable(request)
    return defaults.server_error(request, template_name)

"""Who may see the help desk's pages at all: agents, with a second factor shown not long ago."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any, TypeAlias

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render, resolve_url
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache

from sessions_ui.actions.help_desk.rights import is_agent
from sessions_ui.actor import actor_of
from sessions_ui.audit import events
from sessions_ui.conf import conf
from sessions_ui.context import require_owner
from sessions_ui.database import moments
from sessions_ui.models import Event
from sessions_ui.web.responses.login_required import login_required
from sessions_ui.web.step_up.factors import factors_shown

NOTED = "_sessions_ui_help_desk_refused"  # in the session: when a refusal was last made an event
NOTED_EVERY = 600  # seconds

View: TypeAlias = Callable[..., HttpResponseBase]


def agents_only(view: View) -> View:
    """Decorate a view for agents who are signed in and have shown a second factor not long ago. Turning somebody away
    who is no agent, or has no fresh factor, is an event."""

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        require_owner()  # an agent in the account of another one would be both of the two that some acts need
        if not is_agent(request.user):
            note_refusal(request, "no permission")
            raise PermissionDenied
        if not has_fresh_factor(request):
            note_refusal(request, "no fresh second factor")
            return factor_needed(request)
        return view(request, *args, **kwargs)

    return never_cache(login_required(checked))


def has_fresh_factor(request: HttpRequest) -> bool:
    shown_at = conf.second_factor_at(request)
    return shown_at is not None and timezone.now() - moments.stored(shown_at) <= conf.help_desk_factor_age


def second_factor_at(request: HttpRequest) -> datetime | None:
    """Return when the session last showed a second factor that was not new then (`factors_shown()`), at its sign-in or
    later. The default of `SECOND_FACTOR_AT`."""
    return max((moments.stored(one.at) for one in factors_shown(request)), default=None)


def factor_needed(request: HttpRequest) -> HttpResponseBase:
    """Answer 403, with the way to show a second factor. It comes back to the page where the agent was, never to one
    that acts."""
    url = ""
    if conf.help_desk_factor_url:
        back = request.get_full_path() if request.method == "GET" else reverse("help_desk:search")
        url = redirect_to_login(back, resolve_url(conf.help_desk_factor_url)).url
    context = {"base_template": conf.base_template, "factor_url": url, "age": conf.help_desk_factor_age}
    return render(request, "sessions_ui/help_desk/factor_needed.html", context, status=403)


def note_refusal(request: HttpRequest, why: str) -> None:
    """Record a refusal as an event, once in a while for a session, reason and kind of request, because whoever is
    signed in can ask as often as they like."""
    noted = request.session.get(NOTED, {})
    kind, now = f"{request.method} {why}", int(moments.aware(timezone.now()).timestamp())
    if now - noted.get(kind, 0) < NOTED_EVERY:
        return
    request.session[NOTED] = {**noted, kind: now}
    events.append(
        Event.Kind.HELP_DESK,
        actor_id=actor_of(request.user).pk,
        data={"step": f"refused: {why}", "path": request.path},
    )

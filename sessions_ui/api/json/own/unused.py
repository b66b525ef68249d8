"""After how many months without use sign-ins of one's own end."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Router
from pydantic import BeforeValidator

from sessions_ui.actions.sessions.choose_unused import choose_unused
from sessions_ui.actions.sessions.unused import offered
from sessions_ui.api.json.auth import own
from sessions_ui.api.json.fields import WHOLE, Body, Shape
from sessions_ui.api.json.own.asking import verify_may_end
from sessions_ui.models import AccountState, Session

router = Router(tags=["Own sessions"])


class UnusedShape(Shape):
    """`months`: 0 is never. `offered`: what the page offers beside it, none where the site ends everything sooner."""

    months: int
    offered: list[int]


def _number(said: Any) -> Any:
    if isinstance(said, bool):
        raise ValueError("a number of months")  # false would be 0, which is never
    return said


class Choice(Body):
    months: Annotated[Literal[0, 3, 6, 12], BeforeValidator(_number), WHOLE]


@router.get("/unused", auth=own("sessions:read"), response=UnusedShape, summary="When unused sign-ins end")
def unused(request: HttpRequest) -> Any:
    user: Any = request.user
    return {"months": AccountState.objects.unused_months_of(user.pk), "offered": offered(user)}


@router.put("/unused", auth=own("sessions:end"), response=UnusedShape, summary="Choose it")
def choose(request: HttpRequest, body: Choice) -> Any:
    """End sign-ins that were not used for so many months; 0 for never. Nothing ends at once: a mail comes first."""
    user: Any = request.user
    verify_may_end(request, Session.objects.of(user).sign_ins())
    choose_unused(user=user, months=body.months, actor=user)
    return {"months": body.months, "offered": offered(user)}

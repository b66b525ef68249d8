"""The way from the host's own admin of users to the page of a person."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from sessions_ui.admin.base import person_url


class PersonLinkMixin:
    """Put a link to the devices, sign-ins and log of the person onto the page of a user, for whoever may see sign-ins.

    For the host's own `UserAdmin`, in front of Django's. Where that has a `change_form_template` of its own, include
    `sessions_ui/admin/person/_link.html` in its block `object-tools-items`.
    """

    change_form_template: Any = "sessions_ui/admin/person/user_change_form.html"

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        obj = kwargs.get("obj")
        if obj is not None and request.user.has_perm("sessions_ui.view_session"):
            context["sessions_ui_person_url"] = person_url(obj.pk)
        return super().render_change_form(request, context, *args, **kwargs)  # type: ignore[misc]

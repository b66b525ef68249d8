"""`path("api/workos/", include("sessions_ui.api.workos.urls"))`, and the base URL of a client is `…/api/workos`.

Node's client knows no prefix: for it, `path("", include(…))` on a host of its own (docs/workos.md). Whatever else the
site has below the same address comes before it: what this does not know it answers itself, 404.
"""

from django.urls import path, re_path

from sessions_ui.api.workos import access, converters, keys, sessions  # noqa: F401  ids have a converter
from sessions_ui.api.workos.access import program_view
from sessions_ui.api.workos.events import list_events
from sessions_ui.api.workos.sign_out import sign_out

app_name = "sessions_ui_workos"


urlpatterns = [
    path(
        "user_management/users/<workos_id:user_id>/sessions",
        program_view(GET=(access.READ_SESSIONS, sessions.list_sessions)),
        name="sessions",
    ),
    path(
        "user_management/sessions/revoke",
        program_view(POST=(access.END_SESSIONS, sessions.revoke_session)),
        name="revoke",
    ),
    path("user_management/sessions/logout", sign_out, name="sign_out"),
    path("events", program_view(GET=(access.READ_EVENTS, list_events)), name="events"),
    path(
        "user_management/users/<workos_id:user_id>/api_keys",
        program_view(GET=(access.KEYS, keys.list_keys), POST=(access.KEYS, keys.create_key)),
        name="keys",
    ),
    path("api_keys/validations", program_view(POST=(access.VALIDATE, keys.validate_key)), name="validate"),
    path(
        "api_keys/<workos_id:key_id>/expire", program_view(POST=(access.KEYS, keys.expire_key)), name="expire"
    ),
    path("api_keys/<workos_id:key_id>", program_view(DELETE=(access.KEYS, keys.delete_key)), name="key"),
    re_path(r"^[\s\S]*\Z", access.unknown, name="unknown"),
]

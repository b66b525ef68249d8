"""`path("api/", include("sessions_ui.api.urls"))`: what programs ask about access tokens."""

from django.urls import path

from sessions_ui.api.introspection import introspect
from sessions_ui.api.revocation import revoke

app_name = "sessions_ui_api"

urlpatterns = [
    path("token/introspect", introspect, name="introspect"),
    path("token/revoke", revoke, name="revoke"),
]

from django.apps import apps
from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from sessions_ui.api import token_required


def whoami(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.user.get_username())


def own_password(request: HttpRequest) -> HttpResponse:
    """Saved as an instance of whatever model of this app has a row for the user."""
    model = apps.get_model("users", request.POST["model"])
    row = model._default_manager.get(username=request.user.get_username())
    row.set_password("y")
    row.save()
    return HttpResponse("chosen")


urlpatterns = [
    path("whoami", whoami),
    path("by-token", token_required("sessions:read")(whoami)),
    path("api/", include("sessions_ui.api.urls")),
    path("own-password", own_password),
    path("account/", include("sessions_ui.web.urls")),
]

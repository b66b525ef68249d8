from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from oauth2_provider.views.generic import ProtectedResourceView


class Resource(ProtectedResourceView):
    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse(request.resource_owner.get_username())


urlpatterns = [
    path("admin/", admin.site.urls),
    path("o/", include("oauth2_provider.urls", namespace="oauth2_provider")),
    path("resource", Resource.as_view()),
    path("whoami", lambda request: HttpResponse(request.user.get_username())),
]

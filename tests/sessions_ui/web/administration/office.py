"""Two admins as a host may have them: Django's, and one of its own with pages and inlines of its own."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, include, path
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt

from config.urls import urlpatterns as of_the_site
from sessions_ui.web import staff_confirmed

DONE: list[str] = []  # what the views of this host were asked to do


def note(request: HttpRequest, what: str) -> HttpResponse:
    DONE.append(f"{request.method} {what} {sorted(request.POST.items())}")
    return HttpResponse("done")


@csrf_exempt
def without_csrf(request: HttpRequest) -> HttpResponse:
    return note(request, "without CSRF")


@staff_confirmed
def secret(request: HttpRequest) -> HttpResponse:
    return HttpResponse("the secret is 4711")


class PermissionInline(admin.TabularInline):
    model = Permission
    extra = 0


class ContentTypeAdmin(admin.ModelAdmin):
    inlines = (PermissionInline,)

    def get_urls(self) -> list[URLPattern]:
        return [
            # Not wrapped in `admin_view()`, as some forget.
            path("<int:pk>/act/", lambda request, pk: note(request, "act"), name="act"),
            path("logout/", lambda request: note(request, "logout of its own"), name="logout"),
            *super().get_urls(),
        ]


class GroupAdmin(admin.ModelAdmin):
    @method_decorator(staff_confirmed)
    def history_view(self, *args, **kwargs):  # type: ignore[no-untyped-def]
        return super().history_view(*args, **kwargs)


class Office(admin.AdminSite):
    def get_urls(self) -> list[URLPattern]:
        return [
            path("without-csrf/", without_csrf),
            path("secret/", self.admin_view(secret)),
            *super().get_urls(),
        ]


office = Office(name="office")
office.register(ContentType, ContentTypeAdmin)
office.register(Group, GroupAdmin)

urlpatterns = [
    path("office/", office.urls),
    path("nested/", include(([path("deeper/", office.urls)], "nested"))),
    *of_the_site,
]

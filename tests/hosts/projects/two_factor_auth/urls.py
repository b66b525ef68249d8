from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django_otp.decorators import otp_required
from two_factor.urls import urlpatterns as two_factor_urls


def whoami(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"{request.user.get_username()} verified={request.user.is_verified()}")


urlpatterns = [
    path("", include(two_factor_urls)),
    path("whoami", whoami),
    path("secret", otp_required(whoami)),
]

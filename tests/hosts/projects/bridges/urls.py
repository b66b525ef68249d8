"""One view for each way to authenticate, and the packages' own views."""

from django.contrib import admin
from django.contrib.auth.views import PasswordChangeView, PasswordResetConfirmView, PasswordResetView
from django.http import HttpResponse
from django.urls import include, path
from knox.auth import TokenAuthentication as KnoxAuthentication
from oauth2_provider.contrib.rest_framework import OAuth2Authentication
from rest_framework.authentication import TokenAuthentication
from rest_framework.authtoken.views import obtain_auth_token
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.views import TokenObtainPairView, TokenRefreshView


class WhoAmI(APIView):
    permission_classes = (IsAuthenticated,)

    def get(self, request):
        return Response(request.user.get_username())


def by(authentication):
    return WhoAmI.as_view(authentication_classes=[authentication])


urlpatterns = [
    path("admin/", admin.site.urls),
    path("o/", include("oauth2_provider.urls", namespace="oauth2_provider")),
    path("authtoken", by(TokenAuthentication)),
    path("knox", by(KnoxAuthentication)),
    path("oauth", by(OAuth2Authentication)),
    path("jwt", by(JWTAuthentication)),
    path("authtoken/obtain", obtain_auth_token),
    path("jwt/obtain", TokenObtainPairView.as_view()),
    path("jwt/refresh", TokenRefreshView.as_view()),
    path("whoami", lambda request: HttpResponse(request.user.get_username())),
    path("change/", PasswordChangeView.as_view(template_name="form.html", success_url="/whoami")),
    path("reset/", PasswordResetView.as_view(template_name="form.html", success_url="/whoami"), name="reset"),
    path(
        "reset/<uidb64>/<token>/",
        PasswordResetConfirmView.as_view(template_name="form.html", success_url="/whoami"),
        name="password_reset_confirm",
    ),
]

"""The site's addresses."""

from allauth.account.decorators import secure_admin_login
from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from accounts.preferences import language, theme
from accounts.signing_in.forgot_password import forgot_password
from accounts.signing_in.passkeys import PasskeySignIn
from accounts.views import ConfirmAddress, second_factor
from config.well_known import change_password, favicon, security_txt
from sessions_ui.web import healthz, metrics

admin.autodiscover()
# Django's own admin sign-in page knows no second factor (recipe: allauth, "secure_admin_login").
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

handler400 = "config.errors.bad_request"
handler403 = "config.errors.permission_denied"
handler404 = "config.errors.page_not_found"
handler500 = "config.errors.server_error"

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="sessions_ui:devices"), name="home"),
    # Asked for by browsers on pages that name no icon: files, and the API's answers.
    path("favicon.ico", favicon, name="favicon"),
    path("healthz", healthz, name="healthz"),
    path("metrics", metrics, name="metrics"),
    path(".well-known/change-password", change_password, name="change_password"),
    path(".well-known/security.txt", security_txt, name="security_txt"),
    path("account/", include("sessions_ui.web.urls")),
    path("account/theme/", theme, name="theme"),
    path("account/language/", language, name="language"),
    path("account/second-factor/", second_factor, name="second_factor"),
    path("account/password/forgot/", forgot_password, name="forgot_password"),
    # Before allauth's own:
    path("account/2fa/webauthn/login/", PasskeySignIn.as_view(), name="mfa_login_webauthn"),
    path("account/confirm-email/<str:key>/", ConfirmAddress.as_view(), name="account_confirm_email"),
    path("account/", include("accounts.urls")),
    path("_allauth/", include("accounts.app_urls")),
    path("help-desk/", include("sessions_ui.help_desk.urls")),
    path("api/", include("sessions_ui.api.urls")),
    path("api/workos/", include("sessions_ui.api.workos.urls")),
    path("api/", include("sessions_ui.api.json.urls")),  # last: what it does not know it answers 404
    path("admin/", admin.site.urls),
]
if settings.DEMO:
    urlpatterns.append(path("demo/", include("config.demo.urls")))

"""`path("account/", include("sessions_ui.web.urls"))`."""

from django.urls import path

from sessions_ui.web import asking, live, views
from sessions_ui.web.provider_sign_out import provider_sign_out

app_name = "sessions_ui"

urlpatterns = [
    path("devices/", views.devices, name="devices"),
    path("devices/confirm/", asking.confirm, name="confirm"),
    path("devices/alive", live.alive, name="alive"),
    path("devices/sign-out-others/", views.sign_out_others, name="sign_out_others"),
    path("devices/sign-out-everywhere/", views.sign_out_everywhere, name="sign_out_everywhere"),
    path("devices/sessions/<slug:public_id>/sign-out/", views.sign_out_session, name="sign_out_session"),
    path("devices/<slug:public_id>/sign-out/", views.sign_out_device, name="sign_out_device"),
    path("devices/<slug:public_id>/rename/", views.rename, name="rename"),
    path("devices/provider-sign-out/", provider_sign_out, name="provider_sign_out"),
]

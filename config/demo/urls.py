"""Pages that only the demo has."""

from allauth.headless.account.views import SessionView
from allauth.headless.constants import Client
from django.urls import path

from config.demo import views
from sessions_ui.web import passive

app_name = "demo"
urlpatterns = [
    # The app's own address, for `make demo-devices`: to be asked whether it is let in is no activity of an app.
    path("app/session/", passive(SessionView.as_api_view(client=Client.APP)), name="app_session"),
    path("id/", views.demo_id, name="id"),
    path("code/", views.code, name="code"),
    path("mail/", views.mail_list, name="mail"),
    path("mail/<str:name>/", views.mail_message, name="mail_message"),
]

"""Pages that only the demo has."""

from django.urls import path

from config.demo import views

app_name = "demo"
urlpatterns = [
    path("code/", views.code, name="code"),
    path("mail/", views.mail_list, name="mail"),
    path("mail/<str:name>/", views.mail_message, name="mail_message"),
]

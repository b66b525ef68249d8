"""The app: receivers and checks are connected here and nowhere else."""

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in
from django.utils.translation import gettext_lazy as _

from sessions_ui.user_model import remember_last_login

# Here, and not in `ready()`: Django connects the receiver that writes the new one in the `ready()` of an app that may
# come before ours.
user_logged_in.connect(remember_last_login, dispatch_uid="sessions_ui.remember_last_login")


class SessionsUIConfig(AppConfig):
    name = "sessions_ui"
    verbose_name = _("Devices and sessions")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from sessions_ui import checks, receivers
        from sessions_ui.impersonation import guards
        from sessions_ui.services import queueing

        queueing.host_app()  # called here because this thread is likely to be the one that made it
        checks.register()
        receivers.connect()
        guards.connect()

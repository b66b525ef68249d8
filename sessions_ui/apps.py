"""The app: receivers and checks are connected here and nowhere else."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


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

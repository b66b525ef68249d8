from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("People")

    def ready(self) -> None:
        from allauth.account.signals import authentication_step_completed

        from accounts.receivers import rotate_on_reauthentication

        authentication_step_completed.connect(
            rotate_on_reauthentication, dispatch_uid="accounts.rotate_on_reauthentication"
        )

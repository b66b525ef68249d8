from django.apps import AppConfig
from django.core import checks
from django.db.models.signals import post_delete, post_save
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("People")

    def ready(self) -> None:
        from allauth.account.models import EmailAddress
        from allauth.account.signals import authentication_step_completed
        from allauth.mfa.signals import authenticator_used

        from accounts.checks import factor_keys
        from accounts.credentials import addresses, factors, guard, telling
        from accounts.mail import language
        from accounts.receivers import rotate_on_reauthentication
        from accounts.signing_in.method import complete_record

        authentication_step_completed.connect(
            rotate_on_reauthentication, dispatch_uid="accounts.rotate_on_reauthentication"
        )
        authenticator_used.connect(complete_record, dispatch_uid="accounts.complete_record")
        guard.connect()  # first: it reads what a row was, for all who come after it
        # Whoever saves it: a confirmed mail, the admin, a provider.
        post_save.connect(addresses.after_save, sender=EmailAddress, dispatch_uid="accounts.address_saved")
        post_delete.connect(
            addresses.after_delete, sender=EmailAddress, dispatch_uid="accounts.address_deleted"
        )
        factors.connect()
        language.connect()
        checks.register(factor_keys)
        telling.connect()

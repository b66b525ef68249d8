from django.apps import AppConfig
from django.core import checks
from django.db.models.signals import post_delete, post_save, pre_save
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("People")

    def ready(self) -> None:
        from allauth.account.models import EmailAddress
        from allauth.account.signals import authentication_step_completed
        from allauth.mfa.signals import authenticator_used

        from accounts import addresses, factors, frozen, guard, telling
        from accounts.checks import factor_keys
        from accounts.receivers import rotate_on_reauthentication
        from accounts.sign_in import complete_record

        authentication_step_completed.connect(
            rotate_on_reauthentication, dispatch_uid="accounts.rotate_on_reauthentication"
        )
        authenticator_used.connect(complete_record, dispatch_uid="accounts.complete_record")
        # Whoever saves it: a confirmed mail, the admin, a provider.
        pre_save.connect(addresses.before_save, sender=EmailAddress, dispatch_uid="accounts.before_address")
        post_save.connect(addresses.after_save, sender=EmailAddress, dispatch_uid="accounts.address_saved")
        post_delete.connect(
            addresses.after_delete, sender=EmailAddress, dispatch_uid="accounts.address_deleted"
        )
        factors.connect()
        frozen.connect()  # before the guard: while an account is frozen, no proof helps
        guard.connect()
        checks.register(factor_keys)
        telling.connect()

"""The app in Django's admin: everything to look at, hardly anything to edit; each act goes through the same actions."""

from importlib.util import find_spec

from sessions_ui.admin.accounts.access_reviews import AccessReviewAdmin
from sessions_ui.admin.accounts.offboarding import OffboardingAdmin
from sessions_ui.admin.accounts.recoveries import RecoveryAdmin
from sessions_ui.admin.base import CappedPaginator
from sessions_ui.admin.delivery.deliveries import DeliveryAdmin
from sessions_ui.admin.history import ActAdmin, EventAdmin
from sessions_ui.admin.incidents.incident import IncidentAdmin
from sessions_ui.admin.labels import label_fields
from sessions_ui.admin.person.link import PersonLinkMixin
from sessions_ui.admin.sessions.endings import EndingProgressAdmin
from sessions_ui.admin.sessions.sessions import DeviceAdmin, SessionAdmin
from sessions_ui.admin.tokens.access_tokens import AccessTokenAdmin
from sessions_ui.admin.tokens.package_credentials import PackageCredentialAdmin
from sessions_ui.admin.tokens.service_accounts import ServiceAccountAdmin

__all__ = [
    "AccessReviewAdmin",
    "AccessTokenAdmin",
    "ActAdmin",
    "CappedPaginator",
    "DeliveryAdmin",
    "DeviceAdmin",
    "EndingProgressAdmin",
    "EventAdmin",
    "IncidentAdmin",
    "OffboardingAdmin",
    "PackageCredentialAdmin",
    "PersonLinkMixin",
    "RecoveryAdmin",
    "ServiceAccountAdmin",
    "SessionAdmin",
]

# The extra `webhooks`: without it there would be nothing to keep a secret with.
if find_spec("cryptography") is not None:
    from sessions_ui.admin.delivery.endpoints import EndpointAdmin as EndpointAdmin

label_fields()

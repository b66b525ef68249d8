"""The models and their querysets."""

from sessions_ui.models.access_review import AccessReview, AccessReviewItem
from sessions_ui.models.access_token import AccessToken, PackageCredential, ServiceAccount
from sessions_ui.models.account_state import AccountState
from sessions_ui.models.act import Act
from sessions_ui.models.adoption import Adoption
from sessions_ui.models.case import Case, CaseReceipt
from sessions_ui.models.cursor import Cursor
from sessions_ui.models.delivery import Delivery
from sessions_ui.models.device import Device
from sessions_ui.models.duration import Duration
from sessions_ui.models.end_reason import EndReason
from sessions_ui.models.ending import Ending, EndingBatch, Rule
from sessions_ui.models.endpoint import PING, Endpoint, Hook, WebhookFormat
from sessions_ui.models.event import Event, EventDetail
from sessions_ui.models.heartbeat import Heartbeat
from sessions_ui.models.idempotent_request import IdempotentRequest
from sessions_ui.models.incident import Containment, Incident, Limits
from sessions_ui.models.offboarding import Offboarding
from sessions_ui.models.provider_sign_out import ProviderSignOut
from sessions_ui.models.recovery import Recovery
from sessions_ui.models.seal import Checkpoint, Seal
from sessions_ui.models.session import Session, digest_of
from sessions_ui.models.verification_code import VerificationCode

__all__ = [
    "PING",
    "AccessReview",
    "AccessReviewItem",
    "AccessToken",
    "AccountState",
    "Act",
    "Adoption",
    "Case",
    "CaseReceipt",
    "Checkpoint",
    "Containment",
    "Cursor",
    "Delivery",
    "Device",
    "Duration",
    "EndReason",
    "Ending",
    "EndingBatch",
    "Endpoint",
    "Event",
    "EventDetail",
    "Heartbeat",
    "Hook",
    "IdempotentRequest",
    "Incident",
    "Limits",
    "Offboarding",
    "PackageCredential",
    "ProviderSignOut",
    "Recovery",
    "Rule",
    "Seal",
    "ServiceAccount",
    "Session",
    "VerificationCode",
    "WebhookFormat",
    "digest_of",
]

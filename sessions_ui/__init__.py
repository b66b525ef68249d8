"""Your active devices: server-side sessions that know their device and place, and that end for good.

What a host project calls is here, and imported only when it is asked for, because the app registry may not be ready
yet. Which other modules are for host projects: docs/architecture.md, "The public face".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sessions_ui.lazy import lazy_names

__all__ = [
    "CircuitBreaker",
    "Criteria",
    "HasPk",
    "KeyRing",
    "QuietOutages",
    "Receipt",
    "UserLike",
    "access_changed",
    "acts_as_owner",
    "acts_settled",
    "approve_incident",
    "begin_sign_in",
    "cancel_offboarding",
    "choose_unused",
    "client_network",
    "close_access_review",
    "confirm_device",
    "create_token",
    "credential_changed",
    "decide_access",
    "decline_incident",
    "deliver_all",
    "end_credentials",
    "end_later",
    "end_provider_sessions",
    "end_session",
    "end_sessions",
    "end_user_sessions",
    "export_access_review",
    "export_incident",
    "factor_changed",
    "factors_shown",
    "follow",
    "impersonate",
    "incident_status",
    "known_device",
    "mail_recovery_link",
    "mark_found",
    "mark_lost",
    "may_sign_in",
    "note_reauthentication",
    "offboard",
    "offer_to_sign_out_others",
    "open_access_review",
    "order_incident",
    "preview_incident",
    "receipt_of_act",
    "receipt_of_case",
    "remember_provider",
    "rename_device",
    "report_leaked",
    "report_not_me",
    "require_owner",
    "require_settled",
    "resume_incident",
    "rotate_token",
    "send_or_keep",
    "session_debt",
    "stop_impersonating",
    "stop_incident",
    "verify_not_frozen",
    "warm_up",
]

if TYPE_CHECKING:
    from sessions_ui.actions.access_review.decide import close_access_review, decide_access
    from sessions_ui.actions.access_review.export import export_access_review
    from sessions_ui.actions.access_review.open import open_access_review
    from sessions_ui.actions.credentials.changed import credential_changed
    from sessions_ui.actions.credentials.guard import require_settled
    from sessions_ui.actions.devices.confirm import confirm_device
    from sessions_ui.actions.devices.known import known_device
    from sessions_ui.actions.devices.lost import mark_found, mark_lost
    from sessions_ui.actions.devices.not_me import report_not_me
    from sessions_ui.actions.devices.rename import rename_device
    from sessions_ui.actions.endings.bridged.credentials import end_credentials
    from sessions_ui.actions.endings.bridged.let_in import may_sign_in
    from sessions_ui.actions.endings.bulk.end_later import end_later
    from sessions_ui.actions.endings.changes.access import access_changed
    from sessions_ui.actions.endings.changes.factors import factor_changed
    from sessions_ui.actions.endings.end import Receipt, end_session, end_sessions, end_user_sessions
    from sessions_ui.actions.endings.offboard import cancel_offboarding, offboard
    from sessions_ui.actions.incidents.approve import approve_incident, decline_incident
    from sessions_ui.actions.incidents.criteria import Criteria
    from sessions_ui.actions.incidents.order import order_incident
    from sessions_ui.actions.incidents.preview import preview_incident
    from sessions_ui.actions.incidents.result import export_incident, incident_status
    from sessions_ui.actions.incidents.stop import resume_incident, stop_incident
    from sessions_ui.actions.recovery.freeze import verify_not_frozen
    from sessions_ui.actions.recovery.open import mail_recovery_link
    from sessions_ui.actions.sessions.choose_unused import choose_unused
    from sessions_ui.actions.sessions.client import client_network
    from sessions_ui.actions.sign_in.pending import begin_sign_in
    from sessions_ui.actions.sign_in.provider import end_provider_sessions, remember_provider
    from sessions_ui.actions.step_up.acting import acts_as_owner, acts_settled
    from sessions_ui.actions.step_up.reauthentication import note_reauthentication
    from sessions_ui.actions.tokens.create import create_token
    from sessions_ui.actions.tokens.leaked import report_leaked
    from sessions_ui.actions.tokens.rotate import rotate_token
    from sessions_ui.audit.receipt import receipt_of_act, receipt_of_case
    from sessions_ui.client import warm_up
    from sessions_ui.context import require_owner
    from sessions_ui.database.transactions import follow
    from sessions_ui.delivery import deliver_all, send_or_keep
    from sessions_ui.encryption import KeyRing
    from sessions_ui.impersonation.api import impersonate, stop_impersonating
    from sessions_ui.metrics.debt import session_debt
    from sessions_ui.protocols import HasPk, UserLike
    from sessions_ui.services.circuit_breaker import CircuitBreaker
    from sessions_ui.services.outage_log import QuietOutages
    from sessions_ui.web.recovery.offer import offer_to_sign_out_others
    from sessions_ui.web.step_up.factors import factors_shown
else:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "actions.access_review.decide": ("close_access_review", "decide_access"),
            "actions.access_review.export": ("export_access_review",),
            "actions.access_review.open": ("open_access_review",),
            "actions.credentials.changed": ("credential_changed",),
            "actions.credentials.guard": ("require_settled",),
            "actions.devices.confirm": ("confirm_device",),
            "actions.devices.known": ("known_device",),
            "actions.devices.lost": ("mark_found", "mark_lost"),
            "actions.devices.not_me": ("report_not_me",),
            "actions.devices.rename": ("rename_device",),
            "actions.endings.changes.access": ("access_changed",),
            "actions.endings.bulk.end_later": ("end_later",),
            "actions.endings.bridged.credentials": ("end_credentials",),
            "actions.endings.end": ("Receipt", "end_session", "end_sessions", "end_user_sessions"),
            "actions.endings.changes.factors": ("factor_changed",),
            "actions.endings.bridged.let_in": ("may_sign_in",),
            "actions.endings.offboard": ("cancel_offboarding", "offboard"),
            "actions.incidents.approve": ("approve_incident", "decline_incident"),
            "actions.incidents.criteria": ("Criteria",),
            "actions.incidents.order": ("order_incident",),
            "actions.incidents.preview": ("preview_incident",),
            "actions.incidents.result": ("export_incident", "incident_status"),
            "actions.incidents.stop": ("resume_incident", "stop_incident"),
            "actions.recovery.freeze": ("verify_not_frozen",),
            "actions.recovery.open": ("mail_recovery_link",),
            "actions.sessions.choose_unused": ("choose_unused",),
            "actions.sessions.client": ("client_network",),
            "actions.sign_in.pending": ("begin_sign_in",),
            "actions.sign_in.provider": ("end_provider_sessions", "remember_provider"),
            "actions.step_up.acting": ("acts_as_owner", "acts_settled"),
            "actions.step_up.reauthentication": ("note_reauthentication",),
            "audit.receipt": ("receipt_of_act", "receipt_of_case"),
            "actions.tokens.create": ("create_token",),
            "actions.tokens.leaked": ("report_leaked",),
            "actions.tokens.rotate": ("rotate_token",),
            "client": ("warm_up",),
            "context": ("require_owner",),
            "database.transactions": ("follow",),
            "delivery": ("deliver_all", "send_or_keep"),
            "encryption": ("KeyRing",),
            "impersonation.api": ("impersonate", "stop_impersonating"),
            "metrics.debt": ("session_debt",),
            "protocols": ("HasPk", "UserLike"),
            "services.circuit_breaker": ("CircuitBreaker",),
            "services.outage_log": ("QuietOutages",),
            "web.recovery.offer": ("offer_to_sign_out_others",),
            "web.step_up.factors": ("factors_shown",),
        },
    )

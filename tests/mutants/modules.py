"""Which modules decide, and which tests should notice a change to them: the fast and the nearest ones first."""

from __future__ import annotations

from pathlib import Path

ACTIONS = "tests/sessions_ui/actions"
WEB = "tests/sessions_ui/web"
HELP_DESK = ("tests/sessions_ui/help_desk", "tests/stories/test_permissions.py")
ADMINISTRATION = ("tests/sessions_ui/web/administration", "tests/stories/test_administration.py")
FORMER = "tests/stories/test_former_addresses.py"
IMPERSONATION = ("tests/sessions_ui/impersonation",)
OWNER_ONLY = "tests/sessions_ui/impersonation/test_owner_only.py"
ADOPT = ("tests/sessions_ui/adopt",)
SIGN_IN = (
    "tests/sessions_ui/actions/sign_in/test_pending.py",
    "tests/sessions_ui/actions/sign_in/test_sign_in.py",
    f"{ACTIONS}/test_decisions.py",
    "tests/accounts/test_pending_sign_in.py",
)
METHODS = "tests/sessions_ui/test_every_session_method.py"
WAYS = "tests/sessions_ui/test_ways_to_sign_in.py"
STORE = (
    "tests/sessions_ui/store/test_endings.py",
    "tests/sessions_ui/store/test_writes.py",
    "tests/sessions_ui/test_stragglers.py",
    "tests/sessions_ui/store/test_contract.py",
    "tests/sessions_ui/test_timeouts.py",
    "tests/sessions_ui/test_middleware.py",
    f"{METHODS}::test_no_method_alone_revives_a_session_or_takes_from_it",
    f"{METHODS}::test_a_living_session_goes_on_under_its_key_unless_that_is_what_was_asked",
    f"{METHODS}::test_loading_an_ended_session_again_forgets_what_was_read_before",
    f"{METHODS}::test_a_user_written_into_a_fresh_session_is_signed_in_by_it",
    f"{METHODS}::test_an_asynchronous_method_runs_the_synchronous_one",
    f"{METHODS}::test_a_session_that_ended_during_its_password_change_stays_ended",
    f"{METHODS}::test_a_session_keeps_its_row_and_gets_another_key_with_its_password_change",
)
ENDINGS = (
    "tests/sessions_ui/actions/endings/test_end.py",
    f"{ACTIONS}/test_decisions.py",
    f"{ACTIONS}/test_sweep_and_purge.py",
    "tests/sessions_ui/test_access.py",
    "tests/sessions_ui/test_receivers.py",
)
LOCKS = f"{ACTIONS}/test_locks.py"
ONE_TIME_CODES = f"{ACTIONS}/test_one_time_codes.py"
ANSWERS = (
    f"{WEB}/responses",
    f"{WEB}/test_clear_site_data.py",
    f"{WEB}/test_answers.py",
    f"{WEB}/test_login_required.py",
    "tests/sessions_ui/test_middleware.py",
    "tests/sessions_ui/wording/test_sessions.py",
    f"{WEB}/test_provider_text.py",
    "tests/sessions_ui/test_timeouts.py",
)
COOKIES = (
    f"{WEB}/responses",
    f"{WEB}/test_clear_site_data.py",
    "tests/sessions_ui/test_middleware.py",
    "tests/sessions_ui/actions/devices/test_lost.py",
    "tests/sessions_ui/actions/sign_in/test_sign_in.py",
)
DEVICE_COOKIE = (
    "tests/sessions_ui/models/test_device_cookie.py",
    "tests/sessions_ui/actions/devices/test_cookie_seen.py",
    "tests/stories/test_shared_browser.py",
)
CODES = (
    "tests/sessions_ui/actions/step_up/test_codes.py",
    LOCKS,
    "tests/sessions_ui/web/step_up/test_prove.py",
    "tests/accounts/test_second_proof.py",
)
GUARD = (
    "tests/sessions_ui/actions/credentials/test_guard.py",
    "tests/sessions_ui/actions/step_up/test_policy.py",
    "tests/sessions_ui/web/step_up/test_credentials.py",
    "tests/stories/test_take_over.py",
    "tests/accounts/test_guard.py",
    "tests/accounts/test_who_is_asked.py",
)

FACTORS = (
    "tests/sessions_ui/actions/step_up/test_factors.py",
    "tests/sessions_ui/help_desk/test_access.py",
    "tests/stories/test_factor_shown.py",
    *CODES,
)

PRIVACY = (
    f"{ACTIONS}/privacy",
    f"{WEB}/privacy",
    "tests/sessions_ui/admin/accounts/test_privacy.py",
    "tests/sessions_ui/management/test_privacy.py",
)
RECOVERY = (f"{ACTIONS}/recovery", f"{WEB}/recovery", "tests/stories/test_recovery.py")

TOKENS = (
    f"{ACTIONS}/tokens",
    "tests/sessions_ui/api",
    "tests/sessions_ui/web/tokens",
    "tests/sessions_ui/admin/tokens",
    "tests/sessions_ui/management/sessions/test_tokens.py",
    "tests/stories/test_everything_that_acts.py",
)
BRIDGED = (
    f"{ACTIONS}/endings/bridged/test_everything.py",
    f"{ACTIONS}/endings/bridged/test_batches.py",
    f"{ACTIONS}/endings/bridged/test_credentials.py",
    f"{ACTIONS}/endings/bridged/test_late_credentials.py",
    "tests/sessions_ui/bridges",
    "tests/stories/test_everything_that_acts.py",
)
INCIDENTS = (
    f"{ACTIONS}/incidents",
    "tests/sessions_ui/admin/test_incidents.py",
    "tests/sessions_ui/management/sessions/test_incident.py",
)

ENGINE = (
    *STORE,
    "tests/sessions_ui/test_receivers.py",
    "tests/sessions_ui/actions/endings/test_offboard.py",
    "tests/sessions_ui/impersonation/test_session.py",
    "tests/stories/test_no_cache.py",
    "tests/sessions_ui/actions/sign_in/test_assess_risk.py::test_a_sign_in_without_a_request_is_not_judged",
    "tests/sessions_ui/test_middleware_async.py",
    "tests/users",
    *ADOPT,
    f"{WEB}/test_error_reports.py::test_no_report_of_a_session_that_is_used_outside_of_a_request_shows_its_key",
)

MIDDLEWARE = (
    "tests/sessions_ui/test_middleware.py",
    "tests/sessions_ui/test_middleware_async.py",
    "tests/sessions_ui/test_host_middlewares.py",
    f"{WEB}/administration",
    "tests/sessions_ui/store/test_contract.py",
    *STORE,
    *ANSWERS,
    "tests/accounts/test_apps.py",
    "tests/sessions_ui/api/test_bearer.py",
)
UNUSED = (
    f"{ACTIONS}/sessions/test_unused.py",
    f"{ACTIONS}/endings/test_unused.py",
    "tests/stories/test_unused_devices.py",
)
BULK = (
    f"{ACTIONS}/incidents",
    LOCKS,
    OWNER_ONLY,
    f"{ACTIONS}/endings/bulk",
    "tests/sessions_ui/admin/sessions/test_sign_out.py",
    "tests/sessions_ui/management/sessions/test_end.py",
)
RECONCILE = (
    LOCKS,
    f"{ACTIONS}/endings/reconcile",
    f"{ACTIONS}/test_sweep_and_purge.py",
    "tests/users",
    "tests/sessions_ui/test_timeouts.py",
    "tests/sessions_ui/test_access.py",
    "tests/sessions_ui/test_receivers.py",
    f"{ACTIONS}/endings/test_offboard.py",
    "tests/sessions_ui/impersonation/test_session.py",
)

NEAREST: dict[str, tuple[str, ...]] = {
    "store/resolving.py": ENGINE,
    "store/writing.py": ENGINE,
    "store/signing_in.py": ENGINE,
    "store/engine.py": ENGINE,
    "store/async_methods.py": (
        "tests/sessions_ui/store/test_async_methods.py",
        *STORE,
        "tests/sessions_ui/test_middleware_async.py",
    ),
    "middleware/session.py": MIDDLEWARE,
    "middleware/authentication.py": MIDDLEWARE,
    **{
        f"adopt/{name}.py": ADOPT
        for name in ("__init__", "allauth", "payload", "qsessions", "source", "user_sessions")
    },
    **{
        f"database/{name}.py": ("tests/sessions_ui/database", "tests/sessions_ui/metrics", *more)
        for name, more in {
            "moments": (f"{ACTIONS}/endings/test_happened.py", f"{ACTIONS}/endings/test_offboard.py"),
            "one_row": ("tests/sessions_ui/store/test_contract.py", f"{ACTIONS}/incidents/test_in_force.py"),
            "outages": (
                "tests/sessions_ui/services/test_outage_log.py",
                f"{WEB}/responses/errors/test_outages.py",
            ),
            "servers": ("tests/sessions_ui/checks", "tests/sessions_ui/management/sessions/test_health.py"),
        }.items()
    },
    "actions/sessions/client.py": (f"{ACTIONS}/sessions/test_client.py", *MIDDLEWARE),
    "actions/sessions/choose_unused.py": (f"{ACTIONS}/sessions/test_choose_unused.py",),
    "actions/sessions/unused.py": UNUSED,
    "actions/endings/unused.py": UNUSED,
    "actions/sessions/metadata.py": (
        "tests/sessions_ui/api/json/test_metadata.py",
        "tests/sessions_ui/api/workos/test_sessions.py",
        f"{ACTIONS}/test_whoever_acts.py",
        f"{ACTIONS}/test_all_or_nothing.py",
    ),
    "actions/sessions/open_tabs.py": (f"{ACTIONS}/sessions/test_open_tabs.py", "tests/sessions_ui/stream"),
    "actions/sessions/rules/password_hashes.py": (
        f"{ACTIONS}/sessions/rules/test_password_hashes.py",
        *STORE,
    ),
    "actions/sessions/rules/presented.py": (
        f"{ACTIONS}/sessions/rules/test_presented.py",
        "tests/accounts/test_apps.py",
    ),
    "actions/sessions/refuse.py": (*STORE, *RECONCILE, f"{ACTIONS}/incidents/test_in_force.py"),
    "actions/sessions/tabs_told.py": (
        f"{ACTIONS}/sessions/test_tabs_told.py",
        f"{ACTIONS}/incidents/test_in_force.py",
        "tests/sessions_ui/stream",
    ),
    "actions/sign_in/attempt.py": (*SIGN_IN, *STORE, f"{ACTIONS}/sign_in", "tests/accounts/test_method.py"),
    "actions/sign_in/written.py": (
        f"{WAYS}::test_no_way_to_sign_in_outlives_what_is_decided_before_the_session_is_saved",
        f"{WAYS}::test_what_was_decided_before_the_user_was_written_refuses_nobody",
        f"{WAYS}::test_the_time_of_day_on_the_host_does_not_matter",
        f"{WAYS}::test_a_hash_that_is_not_theirs_signs_nobody_in",
        f"{WAYS}::test_a_user_who_was_written_and_whose_sign_in_cannot_be_recorded_has_left_nothing",
        f"{ACTIONS}/incidents/test_in_force.py",
        *STORE,
        *SIGN_IN,
    ),
    "actions/endings/bridged/let_in.py": (
        f"{ACTIONS}/endings/bridged/test_shut_out.py",
        f"{ACTIONS}/endings/bridged/test_late_credentials.py",
        *SIGN_IN,
    ),
    "actions/endings/provider_sign_out.py": (
        f"{ACTIONS}/sign_in/test_provider.py",
        f"{WEB}/test_provider_sign_out.py",
    ),
    "database/transactions.py": (
        "tests/sessions_ui/database/test_transactions.py",
        "tests/sessions_ui/actions/endings/test_end.py",
        "tests/sessions_ui/test_databases.py",
        "tests/test_replica.py",
    ),
    "models/session.py": (
        "tests/sessions_ui/models/test_session.py",
        *STORE,
        *ENDINGS,
        "tests/sessions_ui/web/devices/overview/test_listing.py",
        "tests/stories/test_devices.py",
    ),
    "models/codes.py": (ONE_TIME_CODES,),
    "models/device_cookie.py": DEVICE_COOKIE,
    "actions/devices/cookie_seen.py": DEVICE_COOKIE,
    "actions/devices/copied.py": (
        "tests/sessions_ui/actions/devices/test_copied.py",
        "tests/stories/test_shared_browser.py",
    ),
    "actions/sign_in/identify_device.py": (
        "tests/sessions_ui/actions/sign_in/test_identify_device.py",
        *DEVICE_COOKIE,
        "tests/stories/test_devices.py",
        "tests/sessions_ui/actions/sign_in/test_sign_in.py",
    ),
    "client/improve.py": (
        "tests/sessions_ui/client/test_improve.py",
        "tests/sessions_ui/client/test_same_device.py",
        "tests/sessions_ui/test_risk.py",
        "tests/stories/test_devices.py",
    ),
    "models/account_state.py": (
        "tests/sessions_ui/models/test_account_state.py",
        *SIGN_IN,
        *ENDINGS,
        "tests/sessions_ui/actions/endings/bulk/test_bulk.py",
        "tests/sessions_ui/actions/endings/test_offboard.py",
    ),
    "receivers.py": (
        "tests/sessions_ui/test_receivers_rules.py",
        "tests/sessions_ui/actions/endings/test_require_password.py",
        "tests/sessions_ui/test_middleware.py::test_another_engine_works_as_before_behind_our_middleware",
        "tests/sessions_ui/test_receivers.py",
        "tests/sessions_ui/test_access.py",
        "tests/sessions_ui/test_email_change.py",
        "tests/sessions_ui/models/test_senders.py",
        "tests/sessions_ui/actions/credentials",
        "tests/sessions_ui/actions/sign_in/test_sign_in.py",
        "tests/accounts/test_factors.py",
        "tests/users",
    ),
    "encryption.py": ("tests/sessions_ui/test_encryption.py", "tests/accounts/test_factor_secrets.py"),
    "web/administration/demand.py": ADMINISTRATION,
    "web/administration/gate.py": ADMINISTRATION,
    "web/administration/question.py": ADMINISTRATION,
    "impersonation/guards.py": (*IMPERSONATION, "tests/sessions_ui/models/test_senders.py"),
    "actions/sign_in/pending.py": (
        *SIGN_IN,
        "tests/sessions_ui/actions/sign_in/test_provider.py",
        "tests/accounts/test_factors.py",
    ),
    "actions/endings/end.py": (
        *ENDINGS,
        "tests/sessions_ui/actions/endings/test_happened.py",
        LOCKS,
        *SIGN_IN,
        "tests/sessions_ui/actions/endings/changes/test_access.py",
        "tests/sessions_ui/actions/endings/test_trusted_browsers.py",
        "tests/sessions_ui/actions/endings/bulk/test_bulk.py",
        *IMPERSONATION,
        "tests/sessions_ui/adopt/test_adopt.py",
        "tests/sessions_ui/adopt/test_unadopted.py",
        "tests/sessions_ui/test_outbox.py",
        "tests/stories/test_devices.py",
    ),
    "models/containment.py": (
        "tests/sessions_ui/models/test_containment.py",
        *INCIDENTS,
        "tests/sessions_ui/actions/sessions/test_open_tabs.py",
    ),
    "actions/incidents/criteria.py": INCIDENTS,
    "actions/incidents/order.py": INCIDENTS,
    "actions/incidents/approve.py": INCIDENTS,
    "actions/incidents/rights.py": INCIDENTS,
    "actions/incidents/stop.py": INCIDENTS,
    "actions/endings/bulk/carry_out.py": BULK,
    "actions/endings/bulk/end_later.py": BULK,
    "actions/endings/bulk/lay_out.py": BULK,
    "actions/endings/bulk/progress.py": BULK,
    "actions/endings/bulk/stop.py": BULK,
    "actions/sign_in/sign_in.py": (
        *SIGN_IN,
        "tests/sessions_ui/actions/sign_in/test_limit.py",
        "tests/sessions_ui/actions/devices/test_lost.py",
        "tests/sessions_ui/actions/sign_in/test_assess_risk.py",
        "tests/sessions_ui/actions/endings/test_offboard.py",
        "tests/sessions_ui/test_timeouts.py",
        "tests/accounts/test_method.py",
        "tests/stories/test_devices.py",
    ),
    "actions/sign_in/verify_account.py": (
        *SIGN_IN,
        "tests/sessions_ui/test_receivers.py",
        "tests/sessions_ui/actions/endings/test_offboard.py",
    ),
    "actions/sessions/rules/validate.py": (
        "tests/sessions_ui/actions/sessions/rules/test_validate.py",
        "tests/sessions_ui/actions/endings/reconcile/test_reconcile.py",
        *STORE,
        "tests/users",
        "tests/sessions_ui/test_receivers.py",
        "tests/sessions_ui/impersonation/test_session.py",
    ),
    "actions/sessions/rules/timeouts.py": (
        "tests/sessions_ui/actions/sessions/rules/test_validate.py",
        *STORE,
        "tests/users",
        "tests/sessions_ui/test_receivers.py",
        "tests/sessions_ui/impersonation/test_session.py",
    ),
    "actions/endings/reconcile/sweep.py": RECONCILE,
    "actions/endings/reconcile/suspects.py": (
        *RECONCILE,
        "tests/sessions_ui/actions/sessions/test_open_tabs.py",
    ),
    "actions/endings/reconcile/unlawful.py": (*RECONCILE, f"{ACTIONS}/incidents/test_in_force.py"),
    "actions/endings/reconcile/lingering.py": (
        "tests/sessions_ui/actions/endings/reconcile/test_lingering.py",
    ),
    "actions/adoption/adopt.py": ADOPT,
    "actions/adoption/adoptable.py": ADOPT,
    "actions/adoption/window.py": ADOPT,
    "actions/endings/changes/access.py": (
        "tests/sessions_ui/actions/endings/changes/test_access.py",
        "tests/sessions_ui/test_access.py",
    ),
    "actions/endings/happened.py": ("tests/sessions_ui/actions/endings/test_happened.py",),
    "actions/access_review/decide.py": (f"{ACTIONS}/access_review/test_access_review.py",),
    "actions/access_review/rights.py": (f"{ACTIONS}/access_review/test_access_review.py",),
    "metrics/debt.py": ("tests/sessions_ui/metrics/test_debt.py",),
    "actions/endings/offboard.py": (
        LOCKS,
        "tests/sessions_ui/actions/endings/test_offboard.py",
        "tests/sessions_ui/actions/endings/test_happened.py",
        OWNER_ONLY,
        "tests/sessions_ui/admin/accounts/test_offboarding.py",
        "tests/sessions_ui/management/sessions/test_end.py",
    ),
    "actions/endings/require_password.py": (
        LOCKS,
        "tests/sessions_ui/actions/endings/test_require_password.py",
        "tests/accounts/test_in_flight.py",
        "tests/sessions_ui/test_receivers.py",
        *SIGN_IN,
        *HELP_DESK,
        "tests/sessions_ui/management/sessions/test_end.py",
        f"{WEB}/recovery/test_choose_password.py",
    ),
    "actions/sign_in/limit.py": ("tests/sessions_ui/actions/sign_in/test_limit.py",),
    "actions/devices/lost.py": (
        LOCKS,
        "tests/sessions_ui/actions/devices/test_lost.py",
        OWNER_ONLY,
        "tests/sessions_ui/web/devices/test_device_page.py",
    ),
    "actions/recovery/open.py": RECOVERY,
    "actions/recovery/added.py": RECOVERY,
    "actions/recovery/steps.py": RECOVERY,
    "actions/recovery/close.py": (*RECOVERY, LOCKS),
    "actions/recovery/expire.py": RECOVERY,
    "actions/recovery/freeze.py": (*RECOVERY, "tests/accounts/test_credentials.py"),
    "actions/recovery/sign_in.py": RECOVERY,
    "actions/devices/not_me.py": (
        "tests/sessions_ui/actions/devices/test_not_me.py",
        LOCKS,
        "tests/sessions_ui/web/recovery/test_not_me.py",
    ),
    "verify.py": ("tests/sessions_ui/test_verify.py", "tests/sessions_ui/audit"),
    "audit/entries.py": ("tests/sessions_ui/audit",),
    "audit/seal.py": ("tests/sessions_ui/audit",),
    "audit/log.py": ("tests/sessions_ui/audit",),
    "audit/receipt.py": ("tests/sessions_ui/audit/test_receipt.py",),
    "audit/retention.py": ("tests/sessions_ui/audit/test_verify_events.py",),
    "audit/export.py": ("tests/sessions_ui/audit/test_export.py",),
    "audit/checkpoints.py": ("tests/sessions_ui/audit/test_checkpoints.py",),
    "audit/keys.py": ("tests/sessions_ui/audit/test_keys.py",),
    "client/request_id.py": ("tests/sessions_ui/client/test_request_id.py",),
    "actions/batches.py": ("tests/sessions_ui/actions/sessions/test_purge.py", f"{ACTIONS}/privacy"),
    "actions/privacy/erase.py": PRIVACY,
    "actions/privacy/export.py": PRIVACY,
    "actions/privacy/forget.py": PRIVACY,
    "actions/sessions/purge.py": (
        "tests/sessions_ui/actions/sessions/test_purge.py",
        f"{ACTIONS}/test_sweep_and_purge.py",
        "tests/sessions_ui/actions/endings/test_offboard.py",
        "tests/sessions_ui/actions/sign_in/test_provider.py",
        "tests/sessions_ui/actions/endings/bulk/test_bulk.py",
        *HELP_DESK,
    ),
    "actions/sessions/activity.py": (
        "tests/sessions_ui/actions/sessions/rules/test_validate.py",
        "tests/sessions_ui/actions/devices/test_cookie_seen.py",
        "tests/sessions_ui/impersonation/test_session.py",
        "tests/sessions_ui/test_middleware.py",
        "tests/sessions_ui/web/presence/test_client_hints.py",
        f"{WEB}/test_alive.py",
        "tests/sessions_ui/actions/sign_in/test_assess_risk.py",
        "tests/stories/test_devices.py",
    ),
    "actions/sign_in/assess_risk.py": (
        LOCKS,
        "tests/sessions_ui/actions/sign_in/test_assess_risk_rules.py",
        "tests/sessions_ui/actions/sign_in/test_assess_risk.py",
        "tests/sessions_ui/test_risk.py",
        f"{WEB}/test_flagged.py",
        "tests/stories/test_challenge.py",
        "tests/stories/test_long_unused_account.py",
        "tests/sessions_ui/adopt/test_adopt.py",
    ),
    "actions/sign_in/alert.py": (
        "tests/sessions_ui/actions/sign_in/test_assess_risk.py",
        "tests/stories/test_noisy_sign_ins.py",
    ),
    "actions/trusted_addresses.py": (
        "tests/sessions_ui/actions/test_trusted_addresses.py",
        "tests/sessions_ui/actions/sign_in/test_assess_risk.py",
        FORMER,
    ),
    "actions/credentials/changed.py": (
        "tests/sessions_ui/actions/credentials/test_changed.py",
        "tests/stories/test_changes_are_told.py",
    ),
    "actions/credentials/password.py": ("tests/stories/test_changes_are_told.py",),
    "actions/endings/changes/email.py": (
        "tests/sessions_ui/test_email_change.py",
        "tests/stories/test_changes_are_told.py",
    ),
    "actions/devices/former_address.py": (FORMER,),
    "actions/step_up/acting.py": (
        "tests/sessions_ui/actions/step_up/test_acting.py",
        "tests/stories/test_recovery.py",
    ),
    "actions/help_desk/find_user.py": (FORMER, *HELP_DESK),
    "web/recovery/choose_password.py": (
        f"{WEB}/recovery/test_choose_password.py",
        f"{WEB}/test_methods.py",
        FORMER,
        "tests/stories/test_recovery.py",
    ),
    "actions/impersonation.py": IMPERSONATION,
    "actions/one_time_codes.py": (
        ONE_TIME_CODES,
        "tests/sessions_ui/test_awaited.py",
        "tests/sessions_ui/help_desk/test_case.py::test_another_code_can_be_sent_after_a_minute",
    ),
    "actions/step_up/codes.py": CODES,
    "actions/step_up/policy.py": (*GUARD, *CODES),
    "actions/credentials/guard.py": GUARD,
    "web/step_up/credentials.py": GUARD,
    "actions/step_up/factors.py": FACTORS,
    "assurance.py": (
        "tests/sessions_ui/test_assurance.py",
        "tests/sessions_ui/actions/step_up/test_factors.py",
        "tests/sessions_ui/actions/step_up/test_codes.py",
    ),
    "conf/profiles.py": ("tests/sessions_ui/checks/project/test_profiles.py",),
    "actions/step_up/pace.py": ("tests/sessions_ui/actions/step_up/test_pace.py",),
    "actions/devices/confirm.py": (
        "tests/sessions_ui/actions/devices/test_confirm.py",
        LOCKS,
        f"{WEB}/test_flagged.py",
    ),
    "actions/endings/trusted_browsers.py": ("tests/sessions_ui/actions/endings/test_trusted_browsers.py",),
    "actions/sign_in/provider.py": (
        "tests/sessions_ui/actions/sign_in/test_provider.py",
        f"{WEB}/test_provider_sign_out.py",
        "tests/sessions_ui/sso",
    ),
    "actions/help_desk/carry_out.py": HELP_DESK,
    "actions/help_desk/order.py": HELP_DESK,
    "actions/help_desk/open.py": HELP_DESK,
    "actions/help_desk/prove.py": HELP_DESK,
    "actions/help_desk/rights.py": HELP_DESK,
    "actions/help_desk/send_code.py": HELP_DESK,
    "actions/help_desk/caller.py": HELP_DESK,
    "web/step_up/challenge.py": (
        "tests/stories/test_challenge.py",
        "tests/sessions_ui/actions/sign_in/test_provider.py",
        "tests/sessions_ui/actions/sign_in/test_limit.py",
        f"{WEB}/test_error_reports.py",
    ),
    "web/responses/errors/error_reports.py": (
        f"{WEB}/responses/errors/test_error_reports.py",
        "tests/sessions_ui/web/test_error_reports.py",
    ),
    "web/recovery/not_me.py": ("tests/sessions_ui/web/recovery/test_not_me.py",),
    "web/step_up/prove.py": (
        f"{OWNER_ONLY}::test_no_act_on_a_device",
        *CODES,
        f"{WEB}/step_up/test_confirm.py",
        f"{WEB}/step_up/test_credentials.py",
        f"{WEB}/test_without_address.py",
        f"{WEB}/test_flagged.py",
        "tests/sessions_ui/web/devices/test_device_page.py",
        f"{WEB}/test_error_reports.py",
    ),
    "web/responses/refusals.py": ANSWERS,
    "web/responses/words.py": ANSWERS,
    "web/responses/notice.py": ANSWERS,
    "web/responses/navigation.py": ANSWERS,
    "web/responses/redirects.py": ANSWERS,
    "web/responses/programs.py": ANSWERS,
    "web/responses/errors/later.py": ANSWERS,
    "web/responses/errors/exceptions.py": ANSWERS,
    "web/responses/cookies.py": COOKIES,
    "web/responses/headers.py": COOKIES,
    "session_lookup.py": (
        *STORE,
        f"{ACTIONS}/incidents/test_in_force.py",
        f"{ACTIONS}/sessions/test_open_tabs.py",
        f"{ACTIONS}/endings/changes/test_access.py",
        f"{WEB}/test_error_reports.py",
        "tests/sessions_ui/impersonation/test_session.py",
        "tests/sessions_ui/api/test_bearer.py",
        "tests/sessions_ui/api/test_introspection.py::test_three_statements",
        "tests/users",
    ),
    "actions/account_lock.py": (
        LOCKS,
        f"{ACTIONS}/test_all_or_nothing.py",
        "tests/sessions_ui/actions/endings/test_end.py",
        "tests/sessions_ui/actions/sign_in/test_sign_in.py",
        f"{ACTIONS}/tokens",
        f"{ACTIONS}/recovery",
    ),
    "actions/acting_session.py": (f"{ACTIONS}/test_acting_session.py", LOCKS),
    "actions/tokens/authenticate.py": TOKENS,
    "actions/tokens/create.py": TOKENS,
    "actions/tokens/expiring.py": TOKENS,
    "actions/tokens/leaked.py": TOKENS,
    "actions/tokens/revoke.py": TOKENS,
    "actions/tokens/rotate.py": TOKENS,
    "actions/tokens/service_accounts.py": TOKENS,
    "actions/tokens/used.py": TOKENS,
    "api/bearer.py": TOKENS,
    "actions/endings/after_restore.py": ("tests/sessions_ui/management/sessions/test_after_restore.py",),
    "actions/endings/bridged/everything.py": BRIDGED,
    "actions/endings/bridged/batches.py": BRIDGED,
    "actions/endings/bridged/credentials.py": (*BRIDGED, *TOKENS),
    "actions/endings/bridged/late_credentials.py": BRIDGED,
    "actions/endings/changes/factors.py": (
        f"{ACTIONS}/endings/changes/test_factors.py",
        "tests/sessions_ui/actions/credentials/test_changed.py",
        f"{ACTIONS}/test_decisions.py",
        "tests/sessions_ui/actions/sign_in/test_pending.py",
        f"{ACTIONS}/recovery/test_sign_in.py",
    ),
    "actions/endings/changes/memberships.py": (
        "tests/sessions_ui/test_access.py",
        "tests/sessions_ui/test_receivers.py",
    ),
    "actions/endings/owned.py": (f"{ACTIONS}/tokens/test_service_accounts.py", *RECONCILE),
    "actions/endings/bridged/shut_out.py": (
        f"{ACTIONS}/endings/bridged/test_shut_out.py",
        "tests/stories/test_attacks_on_the_account.py",
        f"{ACTIONS}/endings/reconcile",
    ),
    "actions/sessions/conditions.py": (f"{ACTIONS}/sessions/test_conditions.py", *STORE, *ENDINGS),
    "actions/sessions/rules/kinds.py": (f"{ACTIONS}/sessions/rules/test_kinds.py", *TOKENS),
    "actions/sessions/selection.py": (*INCIDENTS, "tests/sessions_ui/management/sessions", *ENDINGS),
}


# Of every action, of every page, and of every method of a session.
ACROSS = {
    "actions": (
        f"{ACTIONS}/test_all_or_nothing.py",
        f"{ACTIONS}/test_decisions.py",
        LOCKS,
        OWNER_ONLY,
    ),
    "web": (f"{WEB}/test_methods.py", f"{WEB}/test_login_required.py", OWNER_ONLY),
    "store": (f"{METHODS}::test_no_two_methods_revive_a_session_or_take_from_it",),  # the slowest
}
# After the nearest ones: whatever the room's own tests and the journeys of people notice.
JOURNEYS = ("tests/stories", "tests/accounts", "tests/sessions_ui/test_middleware.py")


def rooms_of(module: str) -> list[str]:
    """Return where the tests of a module's room are: in the folder that mirrors it; and those of all its kind."""
    folder = Path("tests", "sessions_ui", module).parent
    across = ACROSS.get(module.partition("/")[0], ())
    return [*across, *([str(folder)] if folder.is_dir() and folder.name != "sessions_ui" else [])]


TESTS: dict[str, tuple[str, ...]] = {
    module: tuple(dict.fromkeys([*nearest, *rooms_of(module), *JOURNEYS]))
    for module, nearest in NEAREST.items()
}

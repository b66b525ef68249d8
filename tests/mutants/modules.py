"""Which modules decide, and which tests should notice a change to them: the fast and the nearest ones first."""

from __future__ import annotations

ACTIONS = "tests/sessions_ui/actions"
WEB = "tests/sessions_ui/web"
HELP_DESK = ("tests/sessions_ui/helpdesk", "tests/stories/test_permissions.py")
IMPERSONATION = ("tests/sessions_ui/impersonation",)
ADOPT = ("tests/sessions_ui/adopt",)
SIGN_IN = (
    f"{ACTIONS}/test_begin.py",
    f"{ACTIONS}/test_sign_in.py",
    f"{ACTIONS}/test_decisions.py",
    "tests/accounts/test_pending_sign_in.py",
)
METHODS = "tests/sessions_ui/test_every_session_method.py"
STORE = (
    "tests/sessions_ui/test_store_endings.py",
    "tests/sessions_ui/test_store_writes.py",
    "tests/sessions_ui/test_stragglers.py",
    "tests/sessions_ui/test_store_contract.py",
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
SEQUENCES = f"{METHODS}::test_no_two_methods_revive_a_session_or_take_from_it"  # the slowest
ENDINGS = (
    f"{ACTIONS}/test_end.py",
    f"{ACTIONS}/test_decisions.py",
    f"{ACTIONS}/test_sweep_and_purge.py",
    "tests/sessions_ui/test_access.py",
    "tests/sessions_ui/test_receivers.py",
)
CODES = (f"{ACTIONS}/test_proof.py", f"{WEB}/test_proof.py", "tests/accounts/test_second_proof.py")

TESTS: dict[str, tuple[str, ...]] = {
    "store.py": (
        *STORE,
        "tests/sessions_ui/test_receivers.py",
        f"{ACTIONS}/test_offboard.py",
        "tests/sessions_ui/impersonation/test_session.py",
        "tests/stories/test_no_cache.py",
        "tests/sessions_ui/test_middleware_async.py",
        "tests/users",
        SEQUENCES,
    ),
    "twins.py": (
        "tests/sessions_ui/test_twins.py",
        *STORE,
        "tests/sessions_ui/test_middleware_async.py",
        SEQUENCES,
    ),
    "transactions.py": (
        "tests/sessions_ui/test_transactions.py",
        f"{ACTIONS}/test_end.py",
        "tests/sessions_ui/test_databases.py",
        "tests/test_replica.py",
    ),
    "models/session.py": (
        "tests/sessions_ui/models/test_session.py",
        *STORE,
        *ENDINGS,
        f"{WEB}/test_listing.py",
        "tests/stories/test_devices.py",
    ),
    "models/account_state.py": (
        *SIGN_IN,
        *ENDINGS,
        f"{ACTIONS}/test_end_later.py",
        f"{ACTIONS}/test_offboard.py",
    ),
    "receivers.py": (
        "tests/sessions_ui/test_receivers.py",
        "tests/sessions_ui/test_access.py",
        "tests/sessions_ui/test_email_change.py",
        "tests/sessions_ui/test_senders.py",
        f"{ACTIONS}/test_sign_in.py",
        "tests/accounts/test_factors.py",
        "tests/users",
    ),
    "owner_only.py": (*IMPERSONATION, "tests/sessions_ui/test_senders.py"),
    "actions/begin.py": (*SIGN_IN, f"{ACTIONS}/test_provider.py", "tests/accounts/test_factors.py"),
    "actions/end.py": (
        *ENDINGS,
        *SIGN_IN,
        f"{ACTIONS}/test_access.py",
        f"{ACTIONS}/test_trust.py",
        f"{ACTIONS}/test_end_later.py",
        *IMPERSONATION,
        "tests/sessions_ui/adopt/test_adopt.py",
        "tests/sessions_ui/adopt/test_unadopted.py",
        "tests/sessions_ui/test_outbox.py",
        "tests/stories/test_devices.py",
    ),
    "actions/end_later.py": (
        f"{ACTIONS}/test_end_later.py",
        "tests/sessions_ui/test_admin_sign_out.py",
        "tests/sessions_ui/management/test_sessions.py",
    ),
    "actions/sign_in.py": (
        *SIGN_IN,
        f"{ACTIONS}/test_limit.py",
        f"{ACTIONS}/test_lost.py",
        f"{ACTIONS}/test_judge.py",
        f"{ACTIONS}/test_offboard.py",
        "tests/sessions_ui/test_timeouts.py",
        "tests/accounts/test_method.py",
        "tests/stories/test_devices.py",
    ),
    "actions/verify_account.py": (
        *SIGN_IN,
        "tests/sessions_ui/test_receivers.py",
        f"{ACTIONS}/test_offboard.py",
    ),
    "actions/admit.py": (
        *STORE,
        "tests/sessions_ui/test_receivers.py",
        "tests/sessions_ui/impersonation/test_session.py",
    ),
    "actions/sweep.py": (
        f"{ACTIONS}/test_sweep.py",
        f"{ACTIONS}/test_sweep_and_purge.py",
        "tests/sessions_ui/test_timeouts.py",
        "tests/sessions_ui/test_access.py",
        "tests/sessions_ui/test_receivers.py",
        f"{ACTIONS}/test_offboard.py",
        "tests/sessions_ui/impersonation/test_session.py",
    ),
    "actions/adopt.py": ADOPT,
    "actions/adoptable.py": ADOPT,
    "actions/access.py": (f"{ACTIONS}/test_access.py", "tests/sessions_ui/test_access.py"),
    "actions/offboard.py": (
        f"{ACTIONS}/test_offboard.py",
        "tests/sessions_ui/impersonation/test_owner_only.py",
        "tests/sessions_ui/test_admin_offboarding.py",
        "tests/sessions_ui/management/test_sessions.py",
    ),
    "actions/require_password.py": (
        f"{ACTIONS}/test_require_password.py",
        "tests/sessions_ui/test_receivers.py",
        *SIGN_IN,
        *HELP_DESK,
        "tests/sessions_ui/management/test_sessions.py",
    ),
    "actions/limit.py": (f"{ACTIONS}/test_limit.py",),
    "actions/lost.py": (
        f"{ACTIONS}/test_lost.py",
        "tests/sessions_ui/impersonation/test_owner_only.py",
        f"{WEB}/test_device_page.py",
    ),
    "actions/not_me.py": (f"{ACTIONS}/test_not_me.py", f"{WEB}/test_not_me.py"),
    "actions/purge.py": (
        f"{ACTIONS}/test_purge.py",
        f"{ACTIONS}/test_sweep_and_purge.py",
        f"{ACTIONS}/test_offboard.py",
        f"{ACTIONS}/test_provider.py",
        f"{ACTIONS}/test_end_later.py",
        *HELP_DESK,
    ),
    "actions/touch.py": (
        "tests/sessions_ui/impersonation/test_session.py",
        "tests/sessions_ui/test_middleware.py",
        f"{WEB}/test_client_hints.py",
        f"{WEB}/test_alive.py",
        f"{ACTIONS}/test_judge.py",
    ),
    "actions/judge.py": (
        f"{ACTIONS}/test_judge.py",
        "tests/sessions_ui/test_risk.py",
        f"{WEB}/test_flagged.py",
        "tests/stories/test_challenge.py",
    ),
    "actions/impersonate.py": IMPERSONATION,
    "actions/proof.py": CODES,
    "actions/confirm.py": (f"{ACTIONS}/test_confirm.py", f"{WEB}/test_flagged.py"),
    "actions/trust.py": (f"{ACTIONS}/test_trust.py",),
    "actions/provider.py": (
        f"{ACTIONS}/test_provider.py",
        f"{WEB}/test_provider_sign_out.py",
        "tests/sessions_ui/sso",
    ),
    "actions/help_desk/carry_out.py": HELP_DESK,
    "actions/help_desk/open.py": HELP_DESK,
    "actions/help_desk/prove.py": HELP_DESK,
    "actions/help_desk/rights.py": HELP_DESK,
    "actions/help_desk/send_code.py": HELP_DESK,
    "actions/help_desk/verify.py": HELP_DESK,
    "web/challenge.py": (
        "tests/stories/test_challenge.py",
        f"{ACTIONS}/test_limit.py",
        f"{WEB}/test_error_reports.py",
    ),
    "web/not_me.py": (f"{WEB}/test_not_me.py",),
    "web/proof.py": (
        *CODES,
        f"{WEB}/test_flagged.py",
        f"{WEB}/test_device_page.py",
        f"{WEB}/test_error_reports.py",
    ),
    "web/refusals.py": (
        f"{WEB}/test_refusals.py",
        f"{WEB}/test_clear_site_data.py",
        "tests/sessions_ui/test_middleware.py",
        f"{WEB}/test_wording.py",
        f"{WEB}/test_provider_text.py",
        "tests/sessions_ui/test_timeouts.py",
    ),
    "web/cookies.py": (
        f"{WEB}/test_cookies.py",
        f"{WEB}/test_clear_site_data.py",
        "tests/sessions_ui/test_middleware.py",
        f"{ACTIONS}/test_lost.py",
        f"{ACTIONS}/test_sign_in.py",
    ),
}

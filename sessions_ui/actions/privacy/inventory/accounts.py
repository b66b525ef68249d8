"""What is decided about one account: calls at the help desk, recoveries, agreed ends of access."""

from __future__ import annotations

from sessions_ui.actions.privacy.inventory.columns import NAMES, Columns, Data, Table

VERIFICATION_CODE = Table(
    "VerificationCode",
    "codes that were mailed: they are derived, and stored nowhere",
    owner="user",
    erased="deleted",
    columns=(
        Columns("id purpose", Data.TECHNICAL, "what the code is for"),
        Columns("user session", Data.PERSONAL, "who asked for it, and where"),
        Columns("nonce", Data.SECRET, "what the code is derived from"),
        Columns("asked_by", Data.SECRET, "a keyed digest of device or network, to slow down whoever guesses"),
        Columns("created_at expires_at tries given_at", Data.TECHNICAL, "how long it is good"),
    ),
)

CASE = Table(
    "Case",
    "one call at the help desk: nothing is done for a caller who was not verified",
    owner="user",
    erased="deleted; what was done stays as events",
    columns=(
        NAMES,
        Columns(
            "user opened_at expires_at reason ways verified_at", Data.PERSONAL, "who called, when and why"
        ),
        Columns("agent approver", Data.ACTOR, "who took the call, and who agreed"),
        Columns("ticket", Data.NOTE, "the number of the ticket"),
        Columns("code_salt", Data.SECRET, "what the caller's code is derived from"),
        Columns(
            "code_sent_at code_tries approval_asked_at proof proven_at",
            Data.TECHNICAL,
            "how the caller was verified",
        ),
    ),
)

CASE_RECEIPT = Table(
    "CaseReceipt",
    "what was done in a call",
    owner="case__user",
    erased="deleted with the case",
    columns=(
        NAMES,
        Columns("case", Data.TECHNICAL, "which call"),
        Columns("nonce", Data.SECRET, "so that a second click does nothing twice"),
        Columns("at lines everything lost new_password recovery", Data.PERSONAL, "what was ended or ordered"),
    ),
)

RECOVERY = Table(
    "Recovery",
    "an account on its way back to its owner after “This wasn’t me”",
    owner="user",
    erased="deleted; an open one, when it is closed",
    columns=(
        NAMES,
        Columns("user session since", Data.PERSONAL, "whose account it is, and which sign-in was reported"),
        Columns(
            "opened_at opened_by expires_at closed_at closed_why",
            Data.PERSONAL,
            "when it began and ended",
        ),
        Columns("actor closed_by", Data.ACTOR, "who reported it, and who closed it"),
        Columns("address", Data.PERSONAL, "the e-mail address that the link goes to"),
        Columns("needs_password password_at credentials_at", Data.PERSONAL, "which steps are done"),
        Columns("ticket", Data.NOTE, "the number of the ticket"),
    ),
)

OFFBOARDING = Table(
    "Offboarding",
    "the date at which somebody's access ends",
    owner="user",
    erased="deleted where it was cancelled or the account is gone; else it stays, without its note",
    columns=(
        Columns("id", Data.TECHNICAL, "to refer to the row"),
        Columns(
            "user ends_at happened_at created_at cancelled_at",
            Data.PERSONAL,
            "whose access, and until when",
        ),
        Columns("actor cancelled_by", Data.ACTOR, "who decided"),
        Columns("ticket note", Data.NOTE, "why"),
    ),
)

ACCOUNT_STATE = Table(
    "AccountState",
    "what was decided about an account: without it an ended sign-in could come back",
    owner="user",
    erased="stays as long as there is an account, without the choice about unused devices; then it is deleted",
    columns=(
        Columns("user", Data.PERSONAL, "whose account"),
        Columns(
            "epoch sign_ins changed_at",
            Data.TECHNICAL,
            "so that no sign-in under way outlives a decision",
        ),
        Columns(
            "reason decided_at cut_at password_required_at recovering_since frozen_until ends_at"
            " tokens_ended_at tokens_ended_for",
            Data.PERSONAL,
            "who may sign in, and after what",
        ),
        Columns("password_required_by", Data.ACTOR, "who asked for a new password"),
        Columns(
            "password_changed_at password_kept_id",
            Data.PERSONAL,
            "since when the password is this one, and which session has chosen it: none older should live",
        ),
        Columns(
            "unused_months",
            Data.PERSONAL,
            "after how long what the person does not use is signed out, as they chose",
        ),
    ),
)

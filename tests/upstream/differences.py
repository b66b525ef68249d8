"""Where our engine differs from what Django's own tests ask for, and why. docs/django-sessions.md is made from this."""

from __future__ import annotations

from typing import NamedTuple


class Difference(NamedTuple):
    """`tests`: by their dotted names; a class whose tests cannot even be set up counts as one. `since`: the first
    Django that has them."""

    why: str
    tests: tuple[str, ...]
    since: tuple[int, int] = (5, 2)


BACKEND = "tests.upstream.suite.DatabaseSessionTests"
IN_UTC = "tests.upstream.suite.DatabaseSessionWithTimeZoneTests"
CUSTOM = "tests.upstream.suite.CustomDatabaseSessionTests"

DIFFERENCES = (
    Difference(
        "They look a row up by the session key, or read and write it through Django's session model. Ours has the "
        "key's SHA-256 only, and what is written goes through the store, which knows whether the session has ended.",
        tuple(
            f"{case}.{name}"
            for case in (BACKEND, IN_UTC, CUSTOM)
            for name in ("test_session_str", "test_session_get_decoded", "test_sessionmanager_save")
        ),
    ),
    Difference(
        "It looks the emptied session up by its key in Django's table. That it is saved with us, too, is tested in "
        "`tests/sessions_ui/store/test_contract.py`.",
        ("sessions_tests.tests.SessionMiddlewareTests.test_empty_session_saved",),
    ),
    Difference(
        "A column of one's own, filled by `create_model_instance()`: our rows are not made from a model that a project "
        "brings.",
        (f"{CUSTOM}.test_extra_session_field",),
    ),
    Difference(
        "A second sign-in as the same user must keep the key there. With us every sign-in rotates it (ASVS 5.0 7.2.4).",
        ("auth_tests.test_views.LoginTest.test_session_key_flushed_on_login_after_password_change",),
    ),
    Difference(
        "A session verified by one of SECRET_KEY_FALLBACKS must get a new key there. With us it gets its new hash and "
        "keeps its key, which does not depend on the secret: else the first parallel requests of every browser would "
        "meet a key that has just been replaced. The hash is tested in `tests/sessions_ui/store/test_endings.py`.",
        (
            "auth_tests.test_basic.TestGetUser.test_get_user_fallback_secret",
            "auth_tests.test_basic.TestGetUser.test_aget_user_fallback_secret",
        ),
    ),
    Difference(
        "The user takes the superuser status away from itself and stays signed in there. With us lost rights end every "
        "session of the account (`ACCESS_FLAGS`; `tests/sessions_ui/test_access.py`).",
        ("auth_tests.test_views.ChangelistTests.test_view_user_password_is_readonly",),
    ),
    Difference(
        "`login()` lets an inactive user in there, whom the next request does not know. With us it raises "
        "`SignInRefused`: the account is read once more under a lock, or a sign-in under way while it is disabled "
        "would outlive that. A backend that admits inactive users is asked and obeyed.",
        ("auth_tests.test_login.TestLogin.test_inactive_user",),
    ),
    Difference(
        "They change AUTH_USER_MODEL while the process runs. A session refers to its user by a foreign key, so the "
        "model is settled with the first migration; `tests/users` has projects with a model of their own each.",
        (
            "auth_tests.test_auth_backends.UUIDUserTests.test_login",
            "auth_tests.test_auth_backends.UUIDUserTests.test_alogin",
            "auth_tests.test_views.UUIDUserTests.test_admin_password_change",
            "tests.upstream.suite.SessionTests.test_logout_with_custom_user",
        ),
    ),
    Difference(
        "A backend that signs in users of another model than AUTH_USER_MODEL: the foreign key cannot refer to them, "
        "and they are refused.",
        ("tests.upstream.suite.SessionTests.test_logout_with_custom_auth_backend",),
    ),
    Difference(
        "It compares the words of the error: ours name the middleware that has to be added, which is "
        "`sessions_ui.middleware.SessionMiddleware`.",
        ("auth_tests.test_middleware.TestAuthenticationMiddleware.test_no_session",),
    ),
    Difference(
        "It counts two statements for session and user. Ours is one.",
        ("auth_tests.test_middleware.TestLoginRequiredMiddleware.test_protected_view_logged_in_performance",),
        since=(6, 0),
    ),
)

HEAD = """# Django's session contract

Django's own tests run on `sessions_ui.store` and `sessions_ui.middleware`, synchronous and asynchronous
(`tests/upstream`): those of a database session backend (with and without USE_TZ) and of the session middleware, and
those of what stands on them (signing in and out, `get_user`, password change and reset, sign-in by a proxy's header,
the test client). They pass, except for these. The table is made from `tests/upstream/differences.py`, and exactly what
is in it has to fail.

| Tests of Django's | Why they are not passed |
|---|---|
"""


def expected_failures(version: tuple[object, ...]) -> set[str]:
    return {test for difference in DIFFERENCES if version >= difference.since for test in difference.tests}


def as_markdown() -> str:
    rows = []
    for difference in DIFFERENCES:
        names = "<br>".join(map(short, difference.tests))
        names += (
            "" if difference.since == (5, 2) else f" (since Django {'.'.join(map(str, difference.since))})"
        )
        rows.append(f"| {names} | {difference.why} |\n")
    return HEAD + "".join(rows)


def short(test: str) -> str:
    """Class and test, or the class alone."""
    *_, case, name = test.split(".")
    return f"`{case}.{name}`" if name.startswith("test_") else f"`{name}`"

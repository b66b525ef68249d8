"""The table: which tests of whom, and what differs with our app. docs/django-sessions.md is made from it.

Versions are pinned in config/requirements/hosts.txt.
"""

from __future__ import annotations

from typing import NamedTuple

# What is in `inside/` for those that ship no settings.
OWN_SETTINGS = "own settings"


class Difference(NamedTuple):
    """`tests`: by "class.name" as JUnit has them; they fail with the app, and pass without."""

    why: str
    tests: tuple[str, ...]


class Suite(NamedTuple):
    """`distribution`: whose sdist has the tests, or none for a project in `projects/`. `settings`: none where the
    suite configures itself. `paths`: what goes on sys.path, from the sdist's root. `alone`: its tests depend on their
    order, so that they cannot be shared out to processes. `by_django`: by Django's own runner, which they ask for.
    `quick`: in CI. `compared`: without the app there is something to run, too. `broken`: tests that fail in this
    environment without the app, too."""

    name: str
    tests: tuple[str, ...]
    distribution: str | None = None
    settings: str | None = None
    paths: tuple[str, ...] = (".",)
    options: tuple[str, ...] = ()
    alone: bool = False
    by_django: bool = False
    quick: bool = False
    compared: bool = True
    broken: tuple[str, ...] = ()
    differences: tuple[Difference, ...] = ()

    @property
    def failing(self) -> set[str]:
        """What has to fail with the app, and nothing else may."""
        return {*self.broken, *(test for difference in self.differences for test in difference.tests)}


# LOGIN_URL leads nowhere in the smallest of projects, clocks are put forward, middlewares are taken out for a test.
ALL_CHECKS = (
    "They compare all that `manage.py check` says of their smallest of projects with what they say themselves; our "
    "checks find something there, too."
)

SUITES = (
    Suite(
        "django-allauth, account",
        ("tests/apps/account",),
        "django-allauth",
        settings="tests.projects.account_only.settings",
    ),
    Suite(
        "django-allauth, headless",
        ("tests/apps/headless",),
        "django-allauth",
        settings="allauth_headless_settings",
        differences=(
            Difference(
                "The password is changed outside of any request, and the new hash then written into the session by "
                "hand. With us that password has ended the session, and nothing brings it back.",
                (
                    "tests.apps.headless.contrib.ninja.test_security.test_authenticate_survives_session_auth_hash_update[app]",
                    "tests.apps.headless.contrib.rest_framework.test_authentication."
                    "test_authenticate_survives_session_auth_hash_update[app]",
                    "tests.apps.headless.tokens.test_jwttokenstrategy."
                    "test_stateful_access_token_survives_session_auth_hash_update[app]",
                ),
            ),
            Difference(
                "A session of another password's hash is read as one of nobody in particular. With us it has ended, so "
                "there is no session at all; nobody is signed in either way.",
                (
                    "tests.apps.headless.contrib.ninja.test_security."
                    "test_anonymous_authentication_allows_stale_session_auth_hash[app]",
                    "tests.apps.headless.contrib.rest_framework.test_authentication."
                    "test_authenticate_rejects_anonymous_user_when_not_allowed[app]",
                ),
            ),
        ),
    ),
    Suite("djangorestframework", ("tests",), "djangorestframework"),
    Suite(
        "django-axes",
        ("tests",),
        "django-axes",
        settings="tests.settings",
        quick=True,
        differences=(
            Difference(
                ALL_CHECKS,
                tuple(
                    f"tests.test_checks.{name}"
                    for name in (
                        "BackendCheckTestCase.test_backend_missing",
                        "BackendCheckTestCase.test_specialized_backend",
                        "CacheCheckTestCase.test_cache_check",
                        "CacheCheckTestCase.test_cache_check_does_not_produce_check_warnings_with_database_handler",
                        "CacheCheckTestCase.test_cache_check_warnings",
                        "ConfCheckTestCase.test_invalid_import_path",
                        "ConfCheckTestCase.test_missing_settings_no_error",
                        "ConfCheckTestCase.test_valid_callable",
                        "DeprecatedSettingsTestCase.test_deprecated_success_access_log_flag",
                        "LockoutParametersCheckTestCase.test_invalid_configuration",
                        "LockoutParametersCheckTestCase.test_valid_configuration",
                        "MiddlewareCheckTestCase.test_cache_check_warnings",
                    )
                ),
            ),
        ),
    ),
    Suite(
        "django-otp",
        ("src/django_otp",),
        "django-otp",
        settings="test_project.settings",
        paths=("src", "test"),
        options=("-o", "python_files=tests.py test_*.py"),
        quick=True,
    ),
    Suite("django-two-factor-auth", ("two_factor_auth",), settings="two_factor_auth.settings", quick=True),
    Suite("django-oauth-toolkit", ("oauth_toolkit",), settings="oauth_toolkit.settings", quick=True),
    # On the database that DATABASE_URL names, where it does: bridges end rows of these packages in our transactions.
    Suite("bridges", ("bridges",), settings="bridges.settings", quick=True, compared=False),
    Suite(
        "django-impersonate",
        ("impersonate/tests.py",),
        "django-impersonate",
        settings="impersonate_settings",
        options=("-o", "python_functions=none"),  # its views are named like tests
        quick=True,
        broken=(
            # Asks for a setting of a project that is not shipped.
            "impersonate.tests.TestImpersonation.test_disable_impersonatelog_logging",
        ),
    ),
    Suite(
        "django-guardian", ("guardian/testapp",), "django-guardian", settings="guardian.testapp.testsettings"
    ),
    Suite(
        "django-auditlog",
        ("auditlog_tests",),
        "django-auditlog",
        settings="test_settings",
        paths=("auditlog_tests", "."),
        options=("-o", "python_files=test*.py"),
        broken=("auditlog_tests.tests.DisableTest.test_m2m",),  # its fixture is not in the sdist
    ),
    Suite(
        "django-simple-history",
        ("simple_history",),
        "django-simple-history",
        settings="simple_history_settings",
        alone=True,
        broken=(
            # Tables that other tests of its own runner make.
            "simple_history.tests.tests.test_models.HistoricalRecordsTest.test_specify_history_user_self_reference_delete",
            "simple_history.tests.tests.test_models.MultiDBExplicitHistoryUserIDTest.test_history_user_does_not_exist",
            # Removes a setting that is one only where a module has it.
            "simple_history.tests.tests.test_models.HistoryManagerTest.test_date_indexing_options",
        ),
    ),
    Suite(
        "django-debug-toolbar",
        ("tests",),
        "django-debug-toolbar",
        settings="tests.settings",
        by_django=True,
        differences=(
            Difference(
                ALL_CHECKS,
                tuple(
                    f"tests.test_checks.ChecksTestCase.{name}"
                    for name in (
                        "test_check_good_configuration",
                        "test_check_gzip_middleware_error",
                        "test_check_missing_middleware_error",
                        "test_check_w006_invalid",
                        "test_check_w006_valid",
                        "test_check_w006_valid_nested_loaders",
                        "test_check_w007_invalid",
                        "test_check_w007_valid",
                        "test_observe_request_callback_specified",
                        "test_panels_is_empty",
                    )
                ),
            ),
            Difference(
                "It compares all apps that have static files with a list: ours have some, too.",
                ("tests.panels.test_staticfiles.StaticFilesPanelTestCase.test_default_case",),
            ),
        ),
    ),
    Suite(
        "wagtail",
        (
            "wagtail/admin/tests/test_account_management.py",
            "wagtail/admin/tests/test_privacy.py",
            "wagtail/tests/test_page_privacy.py",
            "wagtail/users/tests",
        ),
        "wagtail",
        settings="wagtail.test.settings",
        broken=(
            "wagtail.users.tests.test_admin_views.test_avatar_provider",
        ),  # a function that is named like a test
        differences=(
            Difference(
                "They count statements: session and user are one of ours, and two of Django's.",
                tuple(
                    f"wagtail.users.tests.test_admin_views.{name}.test_num_queries"
                    for name in ("TestGroupCreateView", "TestGroupEditView", "TestUserIndexView")
                ),
            ),
            Difference(
                "The superuser status of the user is taken away, who stays signed in there. With us lost rights end "
                "every session of the account (`ACCESS_FLAGS`).",
                (
                    "wagtail.users.tests.test_admin_views.TestUserCopyView.test_with_minimal_permission",
                    "wagtail.users.tests.test_admin_views.TestUserCopyView.test_without_permission",
                ),
            ),
        ),
    ),
)

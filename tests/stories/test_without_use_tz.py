"""The site without USE_TZ, in a process of its own: one that runs cannot change it, since what Django and the app have
prepared goes by it. `make test-long` lets many more tests run in this way."""

from __future__ import annotations

import os
import subprocess
import sys
from urllib.parse import urlsplit

import pytest
from django.conf import settings

# Sign-in, page, ending, mail, administration, a question before an act (of somebody who reads in another zone), sweep,
# naming, offboarding, incidents by program, webhooks, days, the sealed log.
STORIES = [
    "tests/stories/test_two_browsers.py",
    "tests/stories/test_devices.py",
    "tests/sessions_ui/admin/test_filters.py::test_by_day",
    "tests/sessions_ui/admin/accounts/test_offboarding.py",
    "tests/sessions_ui/admin/figures/test_overview.py",
    "tests/sessions_ui/database/test_moments.py",
    "tests/sessions_ui/channels/webhooks/test_channel.py::test_the_library_of_the_standard_verifies_it",
    "tests/sessions_ui/actions/sign_in/test_provider.py::test_what_nothing_caught_up_with_ends_with_the_sweep",
    "tests/sessions_ui/web/step_up/test_prove.py::test_with_the_mailed_code_it_goes_on_where_it_stopped",
    "tests/sessions_ui/web/security_log/test_files.py",
    "tests/sessions_ui/api/json/test_programs.py",
    "tests/sessions_ui/audit/test_seal.py",
    "tests/accounts/test_reauthentication.py",
    "tests/stories/test_factor_shown.py::test_an_app_counts_once_its_owner_had_a_day_to_read_the_mail_about_it",
    "tests/stories/test_factor_shown.py::test_the_last_hour_counts_from_when_the_old_factor_was_shown",
]
ZONE = "Asia/Kathmandu"  # five hours and three quarters ahead: nothing is right by chance


@pytest.mark.skipif(not settings.USE_TZ, reason="this is the process of its own")
def test_everything_works_without_use_tz_on_this_database() -> None:
    url = urlsplit(os.environ["DATABASE_URL"])
    environment = {**os.environ, "USE_TZ": "0", "TIME_ZONE": ZONE}
    for name in (
        "PYTEST_XDIST_WORKER",
        "PYTEST_CURRENT_TEST",
        "REDIS_URL",
        "CELERY_BROKER_URL",
        "REQUIRE_ALL",
    ):
        environment.pop(name, None)
    if url.scheme == "sqlite":
        del environment["DATABASE_URL"]
    else:  # beside the tests of this process, which have the same server
        environment["DATABASE_URL"] = url._replace(path=f"{url.path}_{os.getpid()}").geturl()
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--tb=short", "-p", "no:cacheprovider", *STORIES],
        env=environment,
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout[-5_000:] + run.stderr[-2_000:]

"""What is wrong with the way people are told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.sessions_ui.checks.test_setup import ids

SMTP = "django.core.mail.backends.smtp.EmailBackend"


@pytest.mark.parametrize(
    ("values", "number"),
    [
        ({"WEBHOOK_ALLOWED_NETWORKS": ["everywhere"]}, "E034"),
        ({"WEBHOOK_TIMEOUT": timedelta(seconds=100)}, "E035"),
        ({"WEBHOOK_ALLOW_HTTP": True}, "W036"),
    ],
)
def test_it_names_a_wrong_setting(values: dict[str, Any], number: str, settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, **values}
    assert f"sessions_ui.{number}" in ids(include_deployment_checks=True)


@pytest.mark.parametrize(("timeout", "bad"), [(None, True), (90, True), (10, False)])
def test_a_mail_server_must_not_hang_for_ever(timeout: int | None, bad: bool, settings: Any) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_TIMEOUT = SMTP, timeout
    assert ("sessions_ui.W033" in ids()) is bad

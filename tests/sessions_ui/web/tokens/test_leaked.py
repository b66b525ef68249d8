"""The public form for an access token that somebody has found: it ends, and nobody is told whether there was one."""

from __future__ import annotations

import logging
import re
import sys
from typing import Any

import pytest
from django.core import mail
from django.core.signals import got_request_exception
from django.test import Client
from django.views.debug import ExceptionReporter

from sessions_ui.actions.tokens import leaked
from sessions_ui.actions.tokens.authenticate import authenticate_token
from sessions_ui.delivery import deliver_due
from sessions_ui.exceptions import BearerRefused
from tests.models import Act, Delivery, Event, Session

pytestmark = pytest.mark.django_db
FORM = "/account/devices/tokens/leaked/"
UNKNOWN = "sui_pat_" + "a" * 46


def is_valid(value: str) -> bool:
    try:
        authenticate_token(value)
    except BearerRefused:
        return False
    return True


def without_secrets(response: Any) -> str:
    return re.sub(r'value="[^"]{40,}"', "", response.content.decode())


def test_a_token_that_was_found_ends_and_its_owner_is_told(user: Any, browser: Any, make_token: Any) -> None:
    made, other = make_token(user), make_token(user, name="Other")
    answer = browser().post(FORM, {"token": made.value, "where": "a public gist"})
    assert answer.status_code == 200 and "Thank you" in answer.content.decode()
    assert [is_valid(made.value), is_valid(other.value)] == [False, True]
    act = Act.objects.get(pk=Session.objects.get(pk=made.token.pk).act_id)
    assert (act.reason, act.actor_id, act.note) == ("leaked", None, "a public gist")
    deliver_due()
    [letter] = mail.outbox
    assert letter.subject == "An access token of your account has ended"
    assert "- Access token “Backup”" in letter.body
    assert "Why: it was found where others can read it." in letter.body


@pytest.mark.parametrize("around", ["{}", "  {}\n", "Authorization: Bearer {}", "export TOKEN='{}' # oops"])
def test_a_line_with_the_token_in_it_will_do(user: Any, browser: Any, make_token: Any, around: str) -> None:
    made = make_token(user)
    browser().post(FORM, {"token": around.format(made.value)})
    assert not is_valid(made.value)


def test_the_answer_is_the_same_whatever_was_sent(user: Any, browser: Any, make_token: Any) -> None:
    made = make_token(user)
    answers = [
        browser().post(FORM, {"token": value})
        for value in (made.value, made.value, UNKNOWN, "nothing of the kind", make_token(user).value[:-1])
    ]
    assert {answer.status_code for answer in answers} == {200}
    assert len({without_secrets(answer) for answer in answers}) == 1
    assert made.value not in answers[0].content.decode()


def test_whoever_reports_it_signed_in_is_named_nowhere(
    user: Any, other_user: Any, browser: Any, make_token: Any
) -> None:
    made = make_token(user)
    reporter = browser()
    reporter.sign_in(other_user)
    reporter.post(FORM, {"token": made.value})
    assert Session.objects.get(pk=made.token.pk).ended_by_id is None


def test_all_that_the_text_holds_end(user: Any, browser: Any, make_token: Any) -> None:
    made = [make_token(user, name=f"Token {number}") for number in range(7)]
    browser().post(FORM, {"token": "\n".join(each.value for each in made)})
    assert not any(is_valid(each.value) for each in made)


def test_one_in_the_address_of_where_it_was_ends_and_is_written_nowhere(
    user: Any, browser: Any, make_token: Any
) -> None:
    first, second = make_token(user), make_token(user)
    where = f"https://example.org/?token={second.value}"
    browser().post(FORM, {"token": first.value, "where": where})
    assert not is_valid(first.value) and not is_valid(second.value)
    assert {act.note for act in Act.objects.all()} == {"https://example.org/?token=[access token]"}


@pytest.mark.parametrize("said", [{}, {"token": ""}, {"token": "x" * 1001}, {"token": "a\0b"}])
def test_what_cannot_be_read_is_asked_for_again(browser: Any, said: dict[str, str]) -> None:
    answer = browser().post(FORM, said)
    assert answer.status_code == 422
    assert not Act.objects.exists()


def test_a_form_with_a_mistake_does_not_repeat_the_value(user: Any, browser: Any, make_token: Any) -> None:
    made = make_token(user)
    answer = browser().post(FORM, {"token": made.value, "where": "x" * 201})
    assert answer.status_code == 422
    assert made.value not in answer.content.decode()
    assert is_valid(made.value)


def test_a_forged_request_is_refused(user: Any, make_token: Any) -> None:
    made = make_token(user)
    assert Client(enforce_csrf_checks=True).post(FORM, {"token": made.value}).status_code == 403
    assert is_valid(made.value)


def test_one_network_sends_a_few_a_minute(user: Any, browser: Any, make_token: Any) -> None:
    made = make_token(user)
    sender = browser()
    for _number in range(10):
        assert sender.post(FORM, {"token": "nothing"}).status_code == 200
    refused = sender.post(FORM, {"token": made.value})
    assert refused.status_code == 429 and is_valid(made.value)
    assert made.value not in refused.content.decode()
    assert browser(address="89.160.20.112").post(FORM, {"token": made.value}).status_code == 200
    assert not is_valid(made.value)


def test_the_value_is_in_no_error_report_and_no_log(
    user: Any, make_token: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    made = make_token(user)
    reports: list[str] = []

    def fail(**said: Any) -> None:
        raise RuntimeError("broken")

    def report(sender: Any, request: Any, **kwargs: Any) -> None:
        reporter = ExceptionReporter(request, *sys.exc_info())
        reports.append(reporter.get_traceback_html() + reporter.get_traceback_text())

    monkeypatch.setattr(leaked, "end_sessions", fail)
    got_request_exception.connect(report)
    try:
        with caplog.at_level(logging.DEBUG):
            answer = Client(raise_request_exception=False).post(FORM, {"token": f"Bearer {made.value}"})
    finally:
        got_request_exception.disconnect(report)
    assert answer.status_code == 500
    assert len(reports) == 1 and "RuntimeError" in reports[0] and "report_leaked" in reports[0]
    for text in (answer.content.decode(), caplog.text, reports[0]):
        assert made.value not in text


def test_the_value_is_in_no_event_and_no_delivery(user: Any, browser: Any, make_token: Any) -> None:
    made = make_token(user)
    browser().post(FORM, {"token": made.value, "where": "here"})
    for model in (Session, Event, Delivery, Act):
        assert made.value not in str(list(model.objects.values()))


@pytest.mark.parametrize(
    "hidden",
    [
        lambda value: value.replace("_", "%5F"),
        lambda value: f"{value[:30]} {value[30:]}",
        lambda value: "".join(f"%{ord(each):x}" for each in value),
    ],
)
def test_one_that_is_encoded_or_split_ends_and_is_written_nowhere(
    user: Any, browser: Any, make_token: Any, hidden: Any
) -> None:
    made, reported = make_token(user), make_token(user)
    where = f"https://x/?t={hidden(made.value)}"
    browser().post(FORM, {"token": reported.value, "where": where})
    assert not is_valid(made.value) and not is_valid(reported.value)
    for note in Act.objects.filter(reason="leaked").values_list("note", flat=True):
        assert "[access token]" in note
        assert not any(part in note for part in (made.value[10:20], made.value[34:44], hidden(made.value)))


def test_most_of_one_is_written_nowhere(user: Any, browser: Any, make_token: Any) -> None:
    kept, reported = make_token(user), make_token(user)
    browser().post(FORM, {"token": reported.value, "where": f"a gist, {kept.value[:-1]}"})
    assert is_valid(kept.value)
    assert Act.objects.get(reason="leaked").note == "a gist, [access token]"

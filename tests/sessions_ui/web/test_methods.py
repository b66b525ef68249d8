"""Which methods each of our pages takes, and which of them answer somebody who is not signed in."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
from django.urls import URLPattern, reverse

pytestmark = pytest.mark.django_db

# All that act are POST. A page that is shown may be asked for by HEAD, as link checkers and mail scanners do.
TAKES = {
    "GET": "device_list idle proof token_proof token_value alive",
    "GET, HEAD": (
        "devices situation device token recovery recovery_link your_data security_log everywhere "
        "signed_out_everywhere not_me_done leaked_thanks recovery_mailed"
    ),
    "GET, HEAD, POST": (
        "confirm prove rename challenge not_me choose_password not_me_opened new_token renew_token leaked_token"
    ),
    "POST": (
        "go_on recovery_prove recovery_password recovery_credentials stay sign_out_others sign_out_unused "
        "sign_out_everywhere sign_out_session sign_out_folded sign_out_device mine all_mine lost found not_mine "
        "leave_account provider_sign_out download_data unlock_data download_log unlock_log recovery_again "
        "end_token end_unused_tokens end_agents end_credential choose_unused sign_in_again"
    ),
}
HELP_DESK_TAKES = {
    "GET": "approvals receipt case state",
    "GET, POST": "search review",
    "POST": (
        "approve refuse_approval verify network send_code check_code ask_approval carry_out recovery_link "
        "recovery_lift found"
    ),
}
FOR_PROGRAMS_TAKE = {"POST": "introspect revoke"}
# By a link in a mail, as what waits for a proof, or for programs.
FOR_ANYBODY = (
    "challenge not_me choose_password not_me_opened alive recovery recovery_link recovery_password "
    "recovery_credentials recovery_again leave_account provider_sign_out leaked_token signed_out_everywhere "
    "not_me_done leaked_thanks recovery_mailed sign_in_again"
)
# By their links they show what is nobody else's.
NOT_CACHED = (
    "challenge not_me not_me_opened choose_password recovery recovery_link recovery_password "
    "recovery_credentials not_me_done"
)
ID = "a" * 16


def address_of(namespace: str, page: URLPattern) -> str:
    named = {"name": "lost"} if page.name == "situation" else {}
    return reverse(
        f"{namespace}:{page.name}",
        kwargs={key: named.get(key, ID) for key in page.pattern.regex.groupindex},
    )


def asked(client: Any, namespace: str) -> dict[str, Any]:
    """What each page answers to a method that none of them has."""
    urls = import_module(
        {"sessions_ui": "sessions_ui.web.urls", "sessions_ui_api": "sessions_ui.api.urls"}.get(
            namespace, f"sessions_ui.{namespace}.urls"
        )
    )
    pages: list[URLPattern] = urls.urlpatterns
    return {str(page.name): client.generic("PROPFIND", address_of(namespace, page)) for page in pages}


def methods(answers: dict[str, Any]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for name, answer in answers.items():
        found.setdefault(answer.headers.get("Allow", ""), set()).add(name)
    return found


def spelled(table: dict[str, str]) -> dict[str, set[str]]:
    return {allowed: set(names.split()) for allowed, names in table.items()}


def test_each_page_takes_these_methods_and_no_others(browser: Any, user: Any, agent: Any) -> None:
    person, desk = browser(), browser()
    person.force_login(user)
    desk.force_login(agent)
    assert methods(asked(person, "sessions_ui")) == spelled(TAKES)
    assert methods(asked(desk, "help_desk")) == spelled(HELP_DESK_TAKES)
    assert methods(asked(browser(), "sessions_ui_api")) == spelled(FOR_PROGRAMS_TAKE)


def test_these_pages_answer_somebody_who_is_not_signed_in(browser: Any) -> None:
    answers = asked(browser(), "sessions_ui")
    assert {name for name, answer in answers.items() if answer.status_code == 405} == {*FOR_ANYBODY.split()}
    assert {answer.status_code for answer in answers.values()} == {302, 405}
    kept = [name for name in NOT_CACHED.split() if "no-cache" not in answers[name].headers["Cache-Control"]]
    assert kept == []

"""What agents read where something is refused."""

from __future__ import annotations

import pytest

from sessions_ui.exceptions import HelpDeskRefusal, HelpDeskRefused
from sessions_ui.wording.help_desk import refused_status, refused_text


@pytest.mark.parametrize("reason", HelpDeskRefusal)
def test_every_refusal_has_a_sentence_and_a_status_of_an_error(reason: HelpDeskRefusal) -> None:
    error = HelpDeskRefused(reason)
    assert refused_text(error).endswith(".")
    assert 400 <= refused_status(error) < 500


def test_no_two_refusals_read_the_same() -> None:
    texts = [refused_text(HelpDeskRefused(reason)) for reason in HelpDeskRefusal]
    assert len(set(texts)) == len(texts)

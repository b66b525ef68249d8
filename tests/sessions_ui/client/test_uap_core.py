"""On the public fixtures of uap-core: no browser and no system named worse than by ua-parser itself."""

from __future__ import annotations

import pytest

from tests.sessions_ui.client.uap_core import Fixture, Verdict, compare, sample


@pytest.mark.parametrize("part", ["browser", "system"])
def test_the_parser_is_no_worse_than_ua_parser(part: str) -> None:
    fixtures = [fixture for fixture in sample() if fixture.part == part]
    assert len(fixtures) > 50
    assert [fixture for fixture in fixtures if compare(fixture) is Verdict.WORSE] == []
    # The sample holds every fixture that is named otherwise, and a quarter of the others.
    same = sum(compare(fixture) is Verdict.SAME for fixture in fixtures)
    assert same / len(fixtures) > 0.7


def test_another_name_or_none_is_worse_unless_there_is_a_reason() -> None:
    firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
    assert compare(Fixture("browser", firefox, "Firefox")) is Verdict.SAME
    assert compare(Fixture("browser", firefox, "Konqueror")) is Verdict.WORSE
    assert compare(Fixture("system", "junk", "Linux")) is Verdict.WORSE

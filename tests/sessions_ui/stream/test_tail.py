"""Which events are news. Pure: a sight and the time are given."""

from __future__ import annotations

from sessions_ui.stream.database import Sight
from sessions_ui.stream.tail import Tail


def sight(*events: tuple[int, str], newest: int | None = None) -> Sight:
    return Sight(set(), list(events), newest or max((pk for pk, _ in events), default=0))


def test_an_event_is_news_once() -> None:
    tail = Tail(0)
    assert tail.news(sight((1, "ada")), now=0)[0] == {"ada"}
    assert tail.news(sight((1, "ada"), (2, "grace")), now=1)[0] == {"grace"}


def test_a_smaller_number_that_comes_later_is_news() -> None:
    tail = Tail(0)
    tail.news(sight((2, "ada")), now=0)
    assert tail.news(sight((1, "grace"), (2, "ada")), now=30)[0] == {"grace"}


def test_a_new_stream_is_told_of_the_last_minute() -> None:
    tail = Tail(0)
    tail.news(sight((1, "ada")), now=0)
    news, recent = tail.news(sight((1, "ada")), now=1)
    assert (news, recent) == (set(), {"ada"})


def test_what_is_older_than_the_overlap_is_not_read_again() -> None:
    tail = Tail(0)
    tail.news(sight((5, "ada")), now=0)
    tail.news(sight((5, "ada"), (9, "ada")), now=59)
    assert tail.floor == 0
    tail.news(sight((5, "ada"), (9, "ada")), now=60)
    assert tail.floor == 5
    tail.news(sight(newest=9), now=119)
    assert tail.floor == 9 and not tail._told


def test_events_of_users_who_have_no_stream_here_move_the_floor_too() -> None:
    tail = Tail(0)
    tail.news(sight(newest=100), now=0)
    tail.news(sight(newest=200), now=60)
    assert tail.floor == 100

"""The site's cache while its Redis is away: it answers from rows, soon, and says so once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.core.cache import cache, caches
from django.core.cache.backends.redis import RedisCache
from django.db import connections
from django.urls import reverse

from config import cache as site_cache
from config.cache import RedisOrRows
from config.settings import ROWS
from tests.redis_server import OwnRedis

pytestmark = pytest.mark.django_db


def use(settings: Any, url: str) -> None:
    redis = {"BACKEND": "config.cache.RedisOrRows", "LOCATION": url, "OPTIONS": {"ROWS": "rows"}}
    settings.CACHES = {"default": redis, "rows": ROWS}


@pytest.fixture
def nobody_listens(settings: Any) -> None:
    use(settings, "redis://127.0.0.1:1")


@pytest.fixture
def redis(settings: Any, tmp_path: Path) -> Iterator[OwnRedis]:
    server = OwnRedis(tmp_path)
    server.up()
    use(settings, server.url)
    yield server
    server.close()


def test_every_method_of_the_cache_has_a_way_without_redis() -> None:
    own = {name for name, value in vars(RedisCache).items() if callable(value) and not name.startswith("_")}
    assert own - {"get_backend_timeout"} <= vars(RedisOrRows).keys()


@pytest.mark.usefixtures("nobody_listens")
def test_every_method_answers_without_redis() -> None:
    assert cache.add("a", 1) and not cache.add("a", 2)
    cache.set("b", [1.5])
    cache.set_many({"c": 3, "d": 4})
    assert (cache.get("a"), cache.get("b"), cache.get("none", "else")) == (1, [1.5], "else")
    assert cache.get_many(["c", "d", "none"]) == {"c": 3, "d": 4}
    assert cache.incr("a") == 2 and cache.decr("a") == 1
    assert cache.touch("a", 60) and cache.has_key("a") and "none" not in cache
    assert cache.get_or_set("e", lambda: 5) == 5
    assert cache.delete("a") and not cache.delete("a")
    cache.delete_many(["c", "d"])
    assert cache.get_many(["a", "c", "d"]) == {}
    cache.clear()
    assert cache.get("b") is None
    with pytest.raises(ValueError, match="none"):
        cache.incr("none")


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("nobody_listens")
async def test_the_cache_answers_asynchronous_code_too() -> None:
    await cache.aset("a", 1)
    assert await cache.aget("a") == 1
    await sync_to_async(connections.close_all)()


@pytest.mark.usefixtures("nobody_listens")
def test_the_log_has_one_line_and_no_address_with_a_password(
    settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    use(settings, "redis://:s3cret@127.0.0.1:1")
    for number in range(50):
        cache.set(str(number), number)
    assert caplog.messages == [
        "Redis, the cache, cannot be reached (ConnectionError): rate limits count in the database."
    ]
    assert "s3cret" not in caplog.text


@pytest.mark.usefixtures("nobody_listens")
def test_rate_limits_go_on_counting(browser: Any, rate_limits: Callable[..., None]) -> None:
    rate_limits(login="3/m/ip")
    here, form = browser(), {"login": "nobody@people.example", "password": "wrong"}
    codes = [here.post(reverse("account_login"), form).status_code for _ in range(5)]
    assert codes == [200, 200, 200, 429, 429]


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("nobody_listens")
def test_of_many_at_once_no_more_get_through_than_the_limit(
    browser: Any, rate_limits: Callable[..., None]
) -> None:
    """Whoever does not get the lock of the count within a second is refused, so it may be fewer."""
    rate_limits(login="3/m/ip")
    codes: list[int] = []
    together = threading.Barrier(8)

    def sign_in() -> None:
        here = browser()
        together.wait()
        form = {"login": "nobody@people.example", "password": "wrong"}
        codes.append(here.post(reverse("account_login"), form).status_code)
        connections.close_all()

    threads = [threading.Thread(target=sign_in) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes)[-5:] == [429] * 5 and 200 in codes, codes


def test_the_cache_goes_to_rows_when_redis_is_killed_and_back_when_it_is_there(
    redis: OwnRedis, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site_cache.REDIS, "pause", 0.0)
    cache.set("in-redis", 1)
    assert caches["rows"].get("in-redis") is None
    redis.down()
    cache.set("in-rows", 1)
    assert (cache.get("in-rows"), cache.get("in-redis")) == (1, None)
    redis.up()
    assert cache.get("in-rows") is None
    assert caches["rows"].get("in-rows") is None, "what nobody asks for any more is removed"
    began, over = caplog.messages
    assert "cannot be reached" in began and "can be reached again" in over


def test_a_restart_that_nobody_was_hurt_by_is_not_noticed(
    redis: OwnRedis, caplog: pytest.LogCaptureFixture
) -> None:
    cache.set("a", 1)
    redis.down()
    redis.up()
    cache.set("a", 2)
    assert cache.get("a") == 2 and not caplog.messages


def test_a_redis_that_is_silent_keeps_one_call_waiting(
    redis: OwnRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site_cache.REDIS, "pause", 3600.0)
    cache.set("a", 1)
    assert redis.process is not None
    redis.process.send_signal(signal.SIGSTOP)
    try:
        for number in range(100):
            cache.set("a", number)
        assert cache.get("a") == 99
    finally:
        redis.process.send_signal(signal.SIGCONT)
    assert site_cache.REDIS._failures == 1

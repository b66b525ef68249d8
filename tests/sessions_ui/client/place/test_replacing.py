"""A place file is replaced under the feet of those who read it."""

from __future__ import annotations

import time
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from sessions_ui.client.place import place_of, places_in
from tests.sessions_ui.client.place.written import LONDON, nested, write


def country(path: Path) -> str:
    place = place_of(LONDON, str(path))
    return place.country_code if place else ""


def test_a_replaced_file_is_read_without_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "places.mmdb"
    for code in ("GB", "SE", "DE"):
        write(path, {f"{LONDON}/32": nested(code)})
        assert country(path) == code


def test_a_file_of_places_that_is_replaced_in_a_folder_is_read_again(tmp_path: Path) -> None:
    assert country(tmp_path) == ""
    for code in ("GB", "SE"):
        write(tmp_path / "places.mmdb", {f"{LONDON}/32": nested(code)})
        assert country(tmp_path) == code


def test_a_file_that_is_taken_away_knows_nothing_any_more(tmp_path: Path) -> None:
    """Deleting it is how an operator complies with a licence."""
    path = write(tmp_path / "places.mmdb", {f"{LONDON}/32": nested()})
    assert country(path) == "GB"
    path.unlink()
    assert country(path) == ""


def test_junk_makes_places_unknown_and_is_named_once(tmp_path: Path, caplog: Any) -> None:
    path = tmp_path / "places.mmdb"
    path.write_bytes(b"junk")
    assert country(path) == country(path) == ""
    assert caplog.text.count("cannot be read") == 1


def test_junk_over_a_good_file_leaves_what_was_known(tmp_path: Path) -> None:
    path = write(tmp_path / "places.mmdb", {f"{LONDON}/32": nested()})
    assert country(path) == "GB"
    (tmp_path / "junk").write_bytes(b"junk")
    (tmp_path / "junk").replace(path)
    assert country(path) == "GB"
    write(path, {f"{LONDON}/32": nested("SE")})
    assert country(path) == "SE"


def test_a_truncated_file_is_no_error_for_anybody(tmp_path: Path) -> None:
    """Its metadata is at its end; what is lost in the middle shows at the look-up."""
    path = write(tmp_path / "places.mmdb", {f"{LONDON}/32": nested()})
    whole = path.read_bytes()
    for length in range(0, len(whole), 97):
        (tmp_path / "part").write_bytes(whole[:length] + b"\xff" * (length % 3) + whole[length + 40 :])
        (tmp_path / "part").replace(path)
        country(path)


def test_a_hundred_replacements_under_four_threads(tmp_path: Path) -> None:
    path = write(tmp_path / "places.mmdb", {f"{LONDON}/32": nested(city="city 0")})
    places = places_in((str(path),))
    stop, failures, look_ups = Event(), [], [0] * 4
    newest = [0] * 4

    def look_up(number: int) -> None:
        try:
            while not stop.is_set():
                place = places.of(LONDON)
                assert place is not None
                seen = int(place.city.removeprefix("city "))
                assert seen >= newest[number], "went back to older data"
                newest[number] = seen
                look_ups[number] += 1
        except Exception as error:
            failures.append(error)

    threads = [Thread(target=look_up, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    try:
        for generation in range(1, 101):
            write(path, {f"{LONDON}/32": nested(city=f"city {generation}")})
            seen_by = (
                time.monotonic() + 120
            )  # it takes milliseconds, where the machine has nothing else to do
            while min(newest) < generation and not failures and time.monotonic() < seen_by:
                time.sleep(0.001)
            assert failures == [] and min(newest) == generation, "the new data was not seen"
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert failures == [] and min(look_ups) >= 100


@pytest.mark.parametrize("how", ["file", "folder"])
def test_nothing_is_opened_again_that_was_not_replaced(tmp_path: Path, how: str) -> None:
    path = write(tmp_path / "places.mmdb", {f"{LONDON}/32": nested()})
    places = places_in((str(path if how == "file" else tmp_path),))
    assert places.files()[0].reader is places.files()[0].reader
    before = places.files()[0]
    write(tmp_path / "other.mmdb", {"9.9.9.9/32": nested("US")})
    assert any(file is before for file in places.files())

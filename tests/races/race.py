"""One race, run many times, and the count of what must never come of it."""

from __future__ import annotations

import json
import os
import random
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.db import OperationalError, connection, connections, transaction

from sessions_ui.database.transactions import is_passing
from sessions_ui.exceptions import KeyRotated, SessionEnded, SignInRefused, TryAgain

# Hundreds where many connections write at once; SQLite has one writer, so that there is less to interleave.
ROUNDS = int(os.environ.get("RACE_ROUNDS") or (200 if connection.vendor != "sqlite" else 25))
MANY = 40  # rounds, in which both orders come up whatever the machine
JITTER = 0.01  # seconds
TRIES = 200  # of a request that was told to try again
TABLE = os.environ.get("RACE_TABLE", "")  # a file for the counts of all races, a line of JSON each

IS_ATOMIC = connection.settings_dict["ATOMIC_REQUESTS"]

# What a sign-in or a save may be answered where an ending came first.
REFUSALS = (SignInRefused, SessionEnded, KeyRotated)

Action = Callable[[], Any]


def read_before() -> None:
    """What every view does before it asks us for something. From then on it sees what was there at that moment, where
    its transactions keep a snapshot."""
    list(get_user_model().objects.values_list("pk")[:1])
    time.sleep(random.uniform(0, JITTER))


def at_once(*functions: Action) -> list[Any]:
    """Run them in threads of their own that start together, give or take the few milliseconds that let either come
    first. Returns what each returned or raised."""
    results: list[Any] = [None] * len(functions)
    barrier = threading.Barrier(len(functions))

    def work(index: int, function: Action) -> None:
        barrier.wait()
        time.sleep(random.uniform(0, JITTER))
        try:
            results[index] = function()
        except Exception as error:
            results[index] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=pair) for pair in enumerate(functions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@dataclass
class Race:
    """The four counts, and what was wrong first. `told`: how often somebody read that nothing was changed, and sent the
    same request again; only a host project's own transactions cannot be repeated without asking."""

    name: str
    rounds: int = 0
    live: int = 0
    raised: int = 0
    wrongly_out: int = 0
    told: int = 0
    wrong: list[str] = field(default_factory=list)

    def times(self, rounds: int = ROUNDS) -> Iterator[int]:
        for number in range(max(rounds, 1)):
            self.rounds += 1
            yield number

    def turns(self, *variants: Iterable[Any], rounds: int = ROUNDS) -> Iterator[Any]:
        """Rounds in which the combinations of these variants take turns, each of them once at least. A test of its own
        for each would take longer to set up than to run, where the rounds are few."""
        combinations = list(product(*variants) if len(variants) > 1 else variants[0])
        for number in self.times(max(rounds, len(combinations))):
            yield combinations[number % len(combinations)]

    def run(
        self, *actions: Action, endings: Sequence[Action] = (), tasks: Sequence[Action] = ()
    ) -> list[Any]:
        """All of them at once, each as a request of the host project runs it: in a transaction where ATOMIC_REQUESTS
        says so; `tasks` as a worker does. What each returned, None for what was refused; only `actions` can be."""
        requests = [partial(self.request, action) for action in actions]
        return self.send(*requests, endings=[*[partial(self.request, ending) for ending in endings], *tasks])

    def send(self, *actions: Action, endings: Sequence[Action] = ()) -> list[Any]:
        """The same with whole requests, which see to that themselves."""
        outcomes = at_once(*actions, *endings)
        for index, outcome in enumerate(outcomes):
            if isinstance(outcome, REFUSALS) and index < len(actions):
                outcomes[index] = None
            elif isinstance(outcome, Exception):
                self.raised += 1
                frames = traceback.extract_tb(outcome.__traceback__)
                ours = [
                    f"{Path(at.filename).name}:{at.lineno}"
                    for at in frames
                    if "site-packages" not in at.filename
                ]
                self._note(f"raised {outcome!r} from {outcome.__cause__!r} in {' '.join(ours[-8:])}")
        return outcomes

    def is_over(self, lives: bool, what: str = "a session") -> None:
        if lives:
            self.live += 1
            self._note(f"{what} lives")

    def stays(self, lives: bool, what: str = "a session") -> None:
        if not lives:
            self.wrongly_out += 1
            self._note(f"{what} was signed out")

    def verdict(self) -> None:
        if TABLE:
            row = {name: value for name, value in asdict(self).items() if name != "wrong"}
            with Path(TABLE).open("a") as table:
                table.write(json.dumps(row) + "\n")
        assert not self.wrong, (
            f"{self.live} live, {self.raised} raised, {self.wrongly_out} wrongly signed out "
            + (f"in {self.rounds} rounds:\n" + "\n".join(self.wrong[:20]))
        )

    def request(self, action: Action) -> Any:
        return self.by_host(action) if IS_ATOMIC else action()

    def by_host(self, action: Action) -> Any:
        """In a transaction of the host project; once more where it was told that nothing was changed."""
        if connection.in_atomic_block:
            return action()
        for _ in range(TRIES):
            try:
                with transaction.atomic():
                    read_before()
                    return action()
            except OperationalError as error:
                if not (isinstance(error, TryAgain) or is_passing(error)):
                    raise
            self.told += 1
            time.sleep(random.uniform(0, JITTER))
        raise AssertionError(f"told {TRIES} times to try again")

    def _note(self, what: str) -> None:
        self.wrong.append(f"round {self.rounds}: {what}")

"""`python -m benchmarks.places PATH …`: what looking a place up costs, by the files or folders at PATH (no Django)."""

from __future__ import annotations

import random
import statistics
import sys
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address
from time import perf_counter_ns

from sessions_ui.client.place import Places

RANDOM = random.Random(4)
LOOK_UPS = 5_000


def main() -> None:
    paths = tuple(sys.argv[1:])
    if not paths:
        sys.exit(__doc__)
    began = perf_counter_ns()
    places = Places(paths)
    places.of("81.2.69.142")
    rows = [("first look-up of a process: opens the files", [(perf_counter_ns() - began) / 1000])]
    if not places.files():
        sys.exit(f"No place file at {', '.join(paths)}.")
    four, six = [public(4) for _ in range(LOOK_UPS)], [public(6) for _ in range(LOOK_UPS)]
    rows += [
        ("another address, IPv4", timed(places.of, four)),
        ("another address, IPv6", timed(places.of, six)),
        ("the same address again", timed(places.of, ["81.2.69.142"] * LOOK_UPS)),
        ("of it: was a file replaced?", timed(lambda _: places.files(), four)),
    ]
    print("| | median | 95 % within |\n|---|---:|---:|")
    for name, samples in rows:
        high = sorted(samples)[int(len(samples) * 0.95)]
        print(f"| {name} | {statistics.median(samples):,.0f} µs | {high:,.0f} µs |")


def public(version: int) -> str:
    while True:
        address: IPv4Address | IPv6Address
        if version == 4:
            address = IPv4Address(RANDOM.getrandbits(32))
        else:
            address = IPv6Address((0x2A << 120) | RANDOM.getrandbits(120))
        if address.is_global and not address.is_multicast:
            return str(address)


def timed(look_up: Callable[[str], object], addresses: list[str]) -> list[float]:
    """Microseconds each."""
    samples = []
    for address in addresses:
        began = perf_counter_ns()
        look_up(address)
        samples.append((perf_counter_ns() - began) / 1000)
    return samples


if __name__ == "__main__":
    main()

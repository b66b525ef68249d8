"""A process that delivers, again and again, until it is killed. CLOCK: by how many seconds its clock is wrong."""

from __future__ import annotations

import logging
import os
import time

import django
import time_machine

logger = logging.getLogger(__name__)


def main() -> None:
    django.setup()
    from django.db import close_old_connections

    from sessions_ui.delivery import deliver_all

    while True:
        try:
            deliver_all(seconds=5)
        except Exception:  # a task that fails is called again, too
            logger.exception("failed")
        close_old_connections()
        time.sleep(0.1)


if __name__ == "__main__":
    if shift := float(os.environ.get("CLOCK", "0")):
        with time_machine.travel(time.time() + shift):
            main()
    main()

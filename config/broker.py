"""The broker that needs no server, kombu's folder, where a disk was full or a program was stopped in the middle.

kombu writes a message under its own name from the first byte on. Half a message, or an empty file, was more than its
reader could bear: the worker ended, at each start again until all of them were gone, and for ever over half a table of
queues. Whatever is lost here is found by the sweep: the rows hold what is to be done, a message only hastens it.
"""

from __future__ import annotations

import logging
from typing import Any

from kombu.transport import filesystem

logger = logging.getLogger(__name__)


class Channel(filesystem.Channel):
    def _get(self, queue: str, timeout: float | None = None) -> Any:
        """Return the next message that can be read; those that cannot are dropped. Raises `queue.Empty` where there is
        none."""
        while True:
            try:
                return super()._get(queue)  # has removed the file before it reads it
            except ValueError:
                logger.warning("A message of the queue %s could not be read, and was dropped.", queue)

    def get_table(self, exchange: str) -> Any:
        """Return who hears of what is sent to the exchange; nobody where the table cannot be read."""
        try:
            return super().get_table(exchange)
        except ValueError:
            self._drop_table(exchange)
            return []

    def _queue_bind(self, exchange: str, *args: Any) -> None:
        try:
            super()._queue_bind(exchange, *args)
        except ValueError:
            self._drop_table(exchange)
            super()._queue_bind(exchange, *args)

    def _drop_table(self, exchange: str) -> None:
        logger.warning("The table of the exchange %s could not be read, and is written anew.", exchange)
        self._exchange_file(exchange).unlink(missing_ok=True)


class Transport(filesystem.Transport):
    Channel = Channel

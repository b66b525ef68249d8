"""One writer: a port that leads to the first server that answers, and stays with it until it is gone.

What HAProxy is on a real site (docs/scaling.md has its configuration). It never goes back by itself: two processes that
write at two nodes is what it is there against.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Sequence
from contextlib import suppress

from tests.clusters.processes import HOST


class OneWriter:
    def __init__(self, ports: Sequence[int]) -> None:
        self._ports = list(ports)
        self._lock = threading.Lock()
        self._listener = socket.create_server((HOST, 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            near, _address = self._listener.accept()
            threading.Thread(target=self._join, args=(near,), daemon=True).start()

    def _join(self, near: socket.socket) -> None:
        far = self._reach()
        if far is None:
            near.close()
            return
        back = threading.Thread(target=_pump, args=(far, near), daemon=True)
        back.start()
        _pump(near, far)
        back.join()
        near.close()
        far.close()

    def _reach(self) -> socket.socket | None:
        with self._lock:
            while self._ports:
                try:
                    far = socket.create_connection((HOST, self._ports[0]), timeout=1)
                    far.settimeout(None)
                    return far
                except OSError:
                    if len(self._ports) == 1:
                        return None
                    del self._ports[0]
        return None


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with suppress(OSError):  # the other end hears that it is over
        sink.shutdown(socket.SHUT_WR)

"""What kind of process this is: one that serves people must not wait for anything as long as a worker or a migration
may.

`config/asgi.py` and `config/wsgi.py` say that they serve, `manage.py` that it is a command, before settings are read; a
process that says nothing is a worker. A variable of the environment would be inherited by the processes that one
starts.
"""

from __future__ import annotations

from enum import Enum


class Process(Enum):
    WEB = "web"
    WORKER = "worker"
    COMMAND = "command"


_this = Process.WORKER


def this() -> Process:
    return _this


def become(kind: Process) -> None:
    global _this
    _this = kind

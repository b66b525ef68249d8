"""A peer's ASGI server: `python -m benchmarks.server`. Prints its port and the cookies of a signed-in browser."""

from __future__ import annotations

import json
import os
import socket

import django
import uvicorn


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
    django.setup()

    from django.contrib.auth import get_user_model
    from django.core.asgi import get_asgi_application
    from django.core.management import call_command
    from django.db import connections

    from benchmarks.requests import cookie_header, sign_in
    from benchmarks.urls import USERNAME

    call_command("migrate", verbosity=0)
    get_user_model().objects.create(username=USERNAME, email="bench@example.com", password="!unusable")
    cookies = cookie_header(sign_in())
    connections.close_all()  # back into the pool
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    print(json.dumps({"port": listener.getsockname()[1], "cookies": cookies}), flush=True)
    config = uvicorn.Config(get_asgi_application(), log_level="warning", access_log=False, lifespan="off")
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()

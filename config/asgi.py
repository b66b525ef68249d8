"""ASGI entry point: `uvicorn config.asgi:application`."""

import os

from django.conf import settings
from django.core.asgi import get_asgi_application

from config import process
from config.limit import limited
from sessions_ui import warm_up
from sessions_ui.stream import with_stream

process.become(process.Process.WEB)
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

warm_up()
django = get_asgi_application()
application = with_stream(limited(django, most=settings.REQUESTS_AT_ONCE, always=frozenset({"/healthz"})))

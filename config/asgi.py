"""ASGI entry point: `uvicorn config.asgi:application`."""

import os

from django.core.asgi import get_asgi_application

from sessions_ui.client import warm_up
from sessions_ui.stream import with_stream

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

warm_up()
application = with_stream(get_asgi_application())

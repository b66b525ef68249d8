"""WSGI entry point, for hosts without ASGI."""

import os

from django.core.wsgi import get_wsgi_application

from config import process
from sessions_ui import warm_up

process.become(process.Process.WEB)
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

warm_up()
application = get_wsgi_application()

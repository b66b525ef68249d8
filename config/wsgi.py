"""WSGI entry point, for hosts without ASGI."""

import os

from django.core.wsgi import get_wsgi_application

from sessions_ui.client import warm_up

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

warm_up()
application = get_wsgi_application()

"""ASGI entry point: `uvicorn config.asgi:application`."""

import os
import warnings

from django.conf import settings
from django.core.asgi import get_asgi_application

from config import process
from config.limit import limited
from sessions_ui import warm_up
from sessions_ui.stream import with_stream

process.become(process.Process.WEB)
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# WhiteNoise answers with files, which Django reads in a thread. It warns of views that stream so; this site has none.
warnings.filterwarnings("ignore", "StreamingHttpResponse must consume synchronous iterators", Warning)

warm_up()
django = get_asgi_application()
application = with_stream(limited(django, most=settings.REQUESTS_AT_ONCE, always=frozenset({"/healthz"})))

"""The site: it runs sessions_ui and accounts."""

from config.celery import app as celery_app

__all__ = ["celery_app"]

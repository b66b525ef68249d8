"""What every template of the site may use."""

from django.conf import settings
from django.http import HttpRequest

from accounts.preferences import theme_of


def site(request: HttpRequest) -> dict[str, object]:
    return {"demo": settings.DEMO, "theme": theme_of(request)}

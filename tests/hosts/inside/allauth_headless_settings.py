"""django-allauth's project without a SAML provider, whose package needs a library of the system's."""

from tests.projects.headless_only.settings import *  # noqa: F403
from tests.projects.headless_only.settings import INSTALLED_APPS

INSTALLED_APPS = [app for app in INSTALLED_APPS if not app.endswith(".saml")]

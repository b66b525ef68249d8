"""The site for WorkOS's clients: their addresses lie at the root of the host, too, where Node's looks for them.

WORKOS_LIMIT: requests that a token may make within two seconds, in place of a minute.
"""

from config.settings import *  # noqa: F403
from config.settings import SESSIONS_UI, env

ROOT_URLCONF = "tests.sessions_ui.api.workos.site_urls"
PASSWORD_HASHERS = ["tests.whole_site.QuickHasher"]
WORKOS_LIMIT = env.int("WORKOS_LIMIT", default=0)
SESSIONS_UI = {
    **SESSIONS_UI,
    "WORKOS_RETURN_TO": ["https://app.example/signed-out"],
    **({"API_RATE_LIMIT": WORKOS_LIMIT} if WORKOS_LIMIT else {}),
}

"""The environment of the tests, set before Django reads its settings (pyproject: `-p tests.environment`).

Services come from production's variables (DATABASE_URL, REDIS_URL, CELERY_BROKER_URL); what is not given is
embedded: SQLite, the database cache, the filesystem broker. All files go to a folder of this run.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

# "gw0", "gw1", … under xdist; each worker has this module to itself.
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")
VAR_DIR = Path(tempfile.mkdtemp(prefix=f"devices-tests-{WORKER}-"))
(VAR_DIR / "static").mkdir()

# These decide what is tested, so nothing of the caller's shell may change them.
os.environ.update(
    DJANGO_SETTINGS_MODULE="tests.settings",
    DEBUG="0",
    DEMO="0",
    VAR_DIR=str(VAR_DIR),
    SECRET_KEY="not a secret: only the tests use it, and only on their own databases",
    FACTOR_KEYS="not a secret either: it encrypts the second factors of the tests",
    # The secret key of RFC 8032, 7.1, test 1.
    SEAL_KEY="-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
    "-----END PRIVATE KEY-----\n",
    SEAL_FORMER_KEYS="",
    CHECKPOINT_FILE="",
    ALLOWED_HOSTS="testserver,localhost,127.0.0.1",
    # The test client speaks plain HTTP; that production redirects is a test of its own.
    SECURE_SSL_REDIRECT="0",
    TRUSTED_PROXIES="",
    GEOIP_PATH=str(VAR_DIR / "places.mmdb"),
    SITE_URL="https://devices.example",
    EMAIL_URL="memorymail://",
)
os.environ.setdefault("DATABASE_URL", f"sqlite:///{VAR_DIR / 'tests.sqlite3'}")

# Workers share the services: each gets a Redis database and a queue of its own.
if redis := os.environ.get("REDIS_URL"):
    number = int(WORKER.removeprefix("gw")) + 1 if WORKER.startswith("gw") else 0
    os.environ["REDIS_URL"] = f"{redis.rstrip('/')}/{number}"
os.environ["CELERY_QUEUE"] = f"devices-tests-{WORKER}"


def pytest_unconfigure() -> None:
    shutil.rmtree(VAR_DIR, ignore_errors=True)

"""The site's settings, from environment variables; the defaults are safe in production.

docs/production.md lists the variables. `DEMO=1` (set by `make run`) turns the site into a demo on localhost.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from config import process
from config.database import BOUNDS, Bounds, bound
from config.mailers import FILES, mail_settings

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

# --- What kind of site this is ------------------------------------------------------------------------------
DEMO = env.bool("DEMO", default=False)
DEBUG = env.bool("DEBUG", default=False)
PORT = env.int("PORT", default=8000)  # of the demo
# Where the embedded database, broker, mails and place file live.
VAR_DIR = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var")))

SECRET_KEY = env.str("SECRET_KEY", default="")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
if not SECRET_KEY:
    if not DEMO:
        raise ImproperlyConfigured("Set SECRET_KEY (or DEMO=1 for a demo on this machine).")
    from config.demo.secret import demo_secret

    SECRET_KEY = demo_secret(VAR_DIR)

# What encrypts the secrets of second factors, the current one first.
FACTOR_KEYS = env.list("FACTOR_KEYS", default=[])
if DEMO and not FACTOR_KEYS:
    from config.demo.secret import demo_secret

    FACTOR_KEYS = [demo_secret(VAR_DIR, "demo-factor-key")]

# What signs the checkpoints of the sealed log: the path of a private key in PEM, or its text.
SEAL_KEY = env.str("SEAL_KEY", default="", multiline=True)
if DEMO and not SEAL_KEY:
    from config.demo.secret import demo_seal_key

    SEAL_KEY = str(demo_seal_key(VAR_DIR))

LOCAL_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=LOCAL_HOSTS if DEMO or DEBUG else [])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
# Networks of the proxies in front of the site: only what comes from them may say who the client is.
TRUSTED_PROXIES = env.list("TRUSTED_PROXIES", default=["127.0.0.0/8", "::1/128"] if DEMO else [])
if TRUSTED_PROXIES and not DEMO:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# --- Applications -------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "accounts",
    "sessions_ui",
    *(["config.demo"] if DEMO else []),
    "allauth",
    "allauth.account",
    "allauth.headless",
    "allauth.mfa",
    "csp",
    "django_htmx",
    "ninja",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "config.headers.headers_middleware",
    "sessions_ui.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "sessions_ui.middleware.AuthenticationMiddleware",
    "sessions_ui.middleware.time_zone_middleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]

ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
WSGI_APPLICATION = "config.wsgi.application"
REQUESTS_AT_ONCE = env.int("REQUESTS_AT_ONCE", default=100)  # of one process; each may take a thread

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "config.context.site",
            ],
        },
    },
]

# --- Services: one environment variable each ----------------------------------------------------------------
SQLITE_OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA busy_timeout=5000",
}
DATABASES: dict[str, dict[str, Any]] = {
    "default": env.db_url("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'site.sqlite3'}")
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"].setdefault("OPTIONS", {}).update(SQLITE_OPTIONS)
    # The tests use a file like the site, not Django's shared memory: its locks are other locks.
    DATABASES["default"]["TEST"] = {"NAME": str(VAR_DIR / "test.sqlite3")}
elif DATABASES["default"]["ENGINE"].endswith("postgresql"):
    usual = BOUNDS[process.this()]
    bound(
        DATABASES["default"],
        Bounds(
            lock=env.float("DATABASE_LOCK_TIMEOUT", default=usual.lock),
            statement=env.float("DATABASE_STATEMENT_TIMEOUT", default=usual.statement),
        ),
        pool_size=env.int("DATABASE_POOL_SIZE", default=20),
        pooler=env.bool("PGBOUNCER", default=False),
    )
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL", default="")
# allauth counts its rate limits here, so every process must share it. A migration of `accounts` makes the table, which
# is bounded because whoever tries to sign in makes rows of it.
ROWS = {
    "BACKEND": "django.core.cache.backends.db.DatabaseCache",
    "LOCATION": "site_cache",
    "OPTIONS": {"MAX_ENTRIES": 50_000},
}
CACHES: dict[str, dict[str, Any]] = {"default": ROWS}
if REDIS_URL:
    redis_or_rows = {
        "BACKEND": "config.cache.RedisOrRows",
        "LOCATION": REDIS_URL,
        "OPTIONS": {"ROWS": "rows"},
    }
    CACHES = {"default": redis_or_rows, "rows": ROWS}

CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", default="filesystem://localhost")
# Sites that share a broker must not take each other's tasks.
CELERY_TASK_DEFAULT_QUEUE = env.str("CELERY_QUEUE", default="celery")
CELERY_BROKER_CONNECTION_TIMEOUT = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "beat-schedule")
if CELERY_BROKER_URL.startswith("filesystem://"):
    BROKER_DIR = VAR_DIR / "broker"
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(BROKER_DIR / "queue"),
        "data_folder_out": str(BROKER_DIR / "queue"),
        "control_folder": str(BROKER_DIR / "control"),
        "store_processed": False,
    }
CELERY_BEAT_SCHEDULE = {
    "deliver": {
        "task": "sessions_ui.tasks.sweep_deliveries",
        "schedule": timedelta(seconds=10),
        "options": {"expires": 10},  # while a receiver is slow the next ones need not pile up
    },
    "endings": {
        "task": "sessions_ui.tasks.sweep_endings",
        "schedule": timedelta(seconds=10),
        "options": {"expires": 10},
    },
    "reconcile": {"task": "sessions_ui.tasks.reconcile", "schedule": timedelta(minutes=1)},
    "purge": {"task": "sessions_ui.tasks.purge", "schedule": timedelta(hours=1)},
    "tokens": {"task": "sessions_ui.tasks.warn_of_tokens", "schedule": timedelta(hours=1)},
    "unused": {"task": "sessions_ui.tasks.end_unused", "schedule": timedelta(hours=1)},
    "seal": {
        "task": "sessions_ui.tasks.seal",
        "schedule": timedelta(minutes=1),
        "options": {"expires": 60},
    },
}

# --- Who signs in, and how ----------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    *(
        {"NAME": f"django.contrib.auth.password_validation.{name}"}
        for name in (
            "UserAttributeSimilarityValidator",
            "MinimumLengthValidator",
            "CommonPasswordValidator",
            "NumericPasswordValidator",
        )
    ),
    {"NAME": "sessions_ui.password_validation.NotTheVoidPassword"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "sessions_ui:devices"
LOGOUT_REDIRECT_URL = "account_login"

ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
MFA_ADAPTER = "accounts.adapter.FactorAdapter"
ACCOUNT_FORMS = {
    "add_email": "accounts.forms.AddAddressForm",
    "login": "accounts.forms.SignInForm",
    "signup": "accounts.forms.SignUpForm",
    "reset_password": "accounts.forms.ResetForm",
}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_LOGIN_ON_PASSWORD_RESET = False
ACCOUNT_LOGOUT_ON_GET = False
# Adding an address and resetting the password through it is a take-over, so it asks like a second factor does.
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
# No mailed code: allauth sends it to any verified address, also to one that was added a minute ago.
ACCOUNT_REAUTHENTICATION_METHODS = {"password", "mfa"}
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
# "key" is an account and the network of whoever tries (accounts/adapter.py): a thief's tries in one network do not use
# up the owner's.
ACCOUNT_RATE_LIMITS = {
    "login_failed": "10/m/ip,5/5m/key",
    "login_failed_anywhere": "100/h/key",  # of an account, from all networks
    # Of a browser that has signed in to the account before, or has just reset its password, once others used up those.
    "login_failed_known": "5/5m/key,20/h/key",
    "reauthenticate": "10/m/ip,100/h/user",
    # Of a session that vouches for itself, beside all others (accounts/signing_in/limits.py).
    "settled": "10/m/key,100/h/key",
}
# Apps sign in by allauth's API (docs/apps.md); browsers have pages.
HEADLESS_CLIENTS = ("app",)
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_FORMS = {
    "add_webauthn": "accounts.forms.AddKeyForm",
    "activate_totp": "accounts.forms.AddAppForm",
}
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TRUST_ENABLED = False  # a stateless trust cookie would survive every sign-out
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEMO
# The demo's own devices take the code before: the one on its page is for whoever tries it.
MFA_TOTP_TOLERANCE = 1 if DEMO else 0

# --- Sessions -----------------------------------------------------------------------------------------------
SESSION_ENGINE = "sessions_ui.store"
# The demo's sign-ins last for more than a year: there is something to see of what nobody uses.
LONGEST_SIGN_IN = timedelta(days=400 if DEMO else 30)
SESSION_COOKIE_AGE = int(LONGEST_SIGN_IN.total_seconds())
FORGET_CLIENTS_AFTER_DAYS = env.int("FORGET_CLIENTS_AFTER_DAYS", default=0)  # 0: never
SESSIONS_UI = {
    "TRUSTED_PROXIES": TRUSTED_PROXIES,
    "PROXY_HEADER": env.str("PROXY_HEADER", default="X-Forwarded-For"),
    "GEOIP_PATH": env.str("GEOIP_PATH", default=str(VAR_DIR / "demo-places.mmdb") if DEMO else ""),
    "GEOIP_ASN_PATH": env.str("GEOIP_ASN_PATH", default=""),
    "STORE_ADDRESSES": env.str("STORE_ADDRESSES", default="full"),
    "FORGET_CLIENTS_AFTER": timedelta(days=FORGET_CLIENTS_AFTER_DAYS) if FORGET_CLIENTS_AFTER_DAYS else None,
    "SIGN_IN_METHOD": "accounts.signing_in.method.method",
    "AUTHENTICATION": "accounts.signing_in.method.authentication",
    "SECOND_FACTOR_AT": "accounts.signing_in.method.second_factor_at",
    "HELP_DESK_FACTOR_URL": "second_factor",
    "ADMIN_FACTOR_REQUIRED": env.bool("ADMIN_FACTOR_REQUIRED", default=False),
    "BASE_TEMPLATE": "base.html",
    "ALERT_ADDRESSES": "accounts.credentials.addresses.alert_addresses",
    "ADDRESS_BOOK": "accounts.credentials.addresses.VerifiedAddresses",
    "PASSWORD_RESET": "accounts.signing_in.password_reset.send_reset",
    "CREDENTIALS": "accounts.credentials.store.AllauthCredentials",
    "REAUTHENTICATION": "accounts.signing_in.reauthentication.AllauthReauthentication",
    "MAIL_LANGUAGE": "accounts.mail.language.language_of",
    "HELP_URL": env.str("HELP_URL", default=""),
    "SYNCHRONOUS_COMMIT": env.str("SYNCHRONOUS_COMMIT", default=""),
    "SITE_URL": env.str("SITE_URL", default=f"http://localhost:{PORT}" if DEMO else ""),
    # The demo's own devices have used up what an hour allows: whoever tries a sign-in there waits for no mail.
    **({"ALERT_WINDOW": timedelta(minutes=1), "MAILS_PER_HOUR": 100} if DEMO else {}),
    "REDIS_URL": REDIS_URL,
    "SEAL_KEY": SEAL_KEY,
    "SEAL_FORMER_KEYS": env.str("SEAL_FORMER_KEYS", default="", multiline=True),
    "CHECKPOINT_FILE": env.str("CHECKPOINT_FILE", default=str(VAR_DIR / "checkpoints.jsonl") if DEMO else ""),
    "REQUEST_ID_HEADER": env.str("REQUEST_ID_HEADER", default="X-Request-ID"),
    "METRICS_TOKEN": env.str("METRICS_TOKEN", default=""),
    "METRICS_NETWORKS": env.list("METRICS_NETWORKS", default=[]),
    "WEBHOOK_ALLOWED_NETWORKS": env.list("WEBHOOK_ALLOWED_NETWORKS", default=["127.0.0.0/8"] if DEMO else []),
    "WEBHOOK_ALLOW_HTTP": env.bool("WEBHOOK_ALLOW_HTTP", default=DEMO),
    "WEBHOOK_PORTS": env.list("WEBHOOK_PORTS", cast=int, default=[] if DEMO else [443]),
    "IDLE_TIMEOUT": None if DEMO else timedelta(days=14),
    "ABSOLUTE_TIMEOUT": LONGEST_SIGN_IN,
}

# --- Safe by default ----------------------------------------------------------------------------------------
SECURE = not (DEMO or DEBUG)  # Safari refuses Secure cookies on http://localhost
SESSION_COOKIE_SECURE = SECURE
CSRF_COOKIE_SECURE = SECURE
# With the prefix a browser takes the cookie over HTTPS from this very host only: none that another host of the domain,
# or somebody on the way, has set (RFC 6265bis, 4.1.3.2).
SESSION_COOKIE_NAME = "__Host-sessionid" if SECURE else "sessionid"
CSRF_COOKIE_NAME = "__Host-csrftoken" if SECURE else "csrftoken"
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=SECURE)
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^metrics$"]
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=31536000 if SECURE else 0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.bool("SECURE_HSTS_INCLUDE_SUBDOMAINS", default=SECURE)
SECURE_HSTS_PRELOAD = env.bool("SECURE_HSTS_PRELOAD", default=SECURE)
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}

# /.well-known/security.txt (RFC 9116): whom to tell of a hole, as URIs, and until when that is right.
SECURITY_CONTACTS = env.list("SECURITY_CONTACT", default=[])
SECURITY_EXPIRES = env.str("SECURITY_EXPIRES", default="")
if SECURITY_CONTACTS:
    if not all(contact.startswith(("https:", "mailto:", "tel:")) for contact in SECURITY_CONTACTS):
        raise ImproperlyConfigured("SECURITY_CONTACT takes https:, mailto: and tel: addresses.")
    try:
        SECURITY_EXPIRES = date.fromisoformat(SECURITY_EXPIRES)
    except ValueError as error:
        raise ImproperlyConfigured("SECURITY_CONTACT needs SECURITY_EXPIRES, a date (2027-06-30).") from error

# --- Mail ---------------------------------------------------------------------------------------------------
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Your devices <devices@localhost>")
DEMO_MAIL_DIR = VAR_DIR / "mail"
MAIL_URL = env.email_url("EMAIL_URL", default="smtp://localhost:25")
if DEMO:
    MAIL_URL = {"EMAIL_BACKEND": FILES, "EMAIL_FILE_PATH": DEMO_MAIL_DIR}
vars().update(mail_settings(MAIL_URL, timeout=10))

# --- Language, time, files ----------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
# Only what is complete (tests/tools/test_messages.py); `make messages` keeps the catalogues.
LANGUAGES = [
    ("en", _("English")),
    ("de", _("German")),
    ("es", _("Spanish")),
    ("fr", _("French")),
    ("pt-br", _("Brazilian Portuguese")),
    ("ar", _("Arabic")),
]
# Chosen in the foot of each page (accounts/preferences.py). No script reads it.
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = SECURE
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = VAR_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEMO or DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = DEMO or DEBUG

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "filters": {"quiet": {"()": "sessions_ui.QuietOutages"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain", "filters": ["quiet"]}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="WARNING")},
    # One a minute at most; whoever keeps the log has what the history can be compared with.
    "loggers": {"sessions_ui.checkpoints": {"level": "WARNING" if DEMO else "INFO"}},
}

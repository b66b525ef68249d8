"""Where our engine differs from what Django's own tests ask for, and why. docs/django-sessions.md is made from this."""

# Class of suite.py -> test of Django's -> why it must fail on our engine.
EXCEPTED: dict[str, dict[str, str]] = {
    "Middleware": {
        "test_empty_session_saved": (
            "It looks the session up by its key in the table of django.contrib.sessions. Ours has the key's SHA-256 "
            "only, in a table of its own; that an emptied session with a key is still saved is tested in "
            "`test_store_contract.py`."
        ),
    },
    "Authentication": {
        "test_no_session": (
            "It compares the words of the error: ours name `sessions_ui.middleware.SessionMiddleware`, which is what "
            "has to be added."
        ),
    },
}

HEAD = """# Django's session contract

Django's own tests for a database session backend (`SessionTestsMixin`), for the session middleware and for the
authentication middleware run on `sessions_ui.store`, synchronous and asynchronous (`tests/upstream`). The differences,
each of them checked to be one:

| Test of Django's | Why it is not passed |
|---|---|
"""


def as_markdown() -> str:
    rows = [f"| `{case}.{name}` | {why} |" for case, tests in EXCEPTED.items() for name, why in tests.items()]
    return HEAD + "\n".join(rows) + "\n"

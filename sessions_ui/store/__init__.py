"""The session engine: `SESSION_ENGINE = "sessions_ui.store"`.

The contract is that of Django's sessions, with three differences, all for one reason, that an end is final:
the database holds the key's SHA-256 only; a session with a user is not deleted but ends, and stays as history;
rotating the key changes the key of the same row. Every write is conditional on the row's current digest, on its not
having ended and on the user that was read; whoever was read from a row is never inserted with another one, and a user
whom somebody wrote into the data signs in or is refused where it is saved.

A store is made of four classes, each in terms of the ones before it: `resolving.py` looks the row up, `writing.py`
writes to it, `signing_in.py` makes it a user's, and `engine.py` is what Django calls. Every asynchronous method runs
its synchronous twin (`async_methods.py`), so that both take the same way.
"""

from __future__ import annotations

from sessions_ui.store.engine import SessionStore, acting_store, store_of

__all__ = ["SessionStore", "acting_store", "store_of"]

"""Sessions of apps among those that were adopted: no other engine knows which those are."""

from __future__ import annotations

from functools import partial

from django.db import router
from django.views.decorators.debug import sensitive_variables

from sessions_ui.database.transactions import retried
from sessions_ui.models import Adoption, Session, digest_of


@sensitive_variables("key")
def claim(key: str) -> bool:
    """Make the adopted session of this key, which an app has sent as its token, the app's; return whether there was
    one.

    An adopted session counts as a browser's until then, and from then on its key is worth nothing as a cookie. Only as
    long as the key is the one that was adopted: one that was made here is known to be of a browser. One statement for
    a key that is unknown.
    """
    using = router.db_for_write(Session)
    digest = digest_of(key)
    if not Adoption.objects.using(using).filter(digest=digest).exists():
        return False
    rows = Session.objects.using(using).filter(
        digest=digest, kind=Session.Kind.BROWSER, impersonated_from__isnull=True, ended_at__isnull=True
    )
    app = Session.Kind.APP
    return bool(retried(partial(rows.update, digest=digest_of(key, app), kind=app), using=using))

"""Credentials that other packages keep (API tokens, OAuth tokens, JWTs), which can act as a person, too.

A bridge tells which of them an account has, and ends them. What ends them when: docs/bridges.md.
"""

from sessions_ui.bridges.drf_authtoken import AuthTokenBridge
from sessions_ui.bridges.knox import KnoxBridge
from sessions_ui.bridges.listing import Counts, Found, counts_of, credentials_of
from sessions_ui.bridges.oauth_toolkit import OAuthToolkitBridge
from sessions_ui.bridges.protocol import Bridge, BridgedCredential, BridgedKind, BridgedPage, PagedBridge
from sessions_ui.bridges.rows import RowBridge
from sessions_ui.bridges.simplejwt import SimpleJWTBridge

__all__ = [
    "AuthTokenBridge",
    "Bridge",
    "BridgedCredential",
    "BridgedKind",
    "BridgedPage",
    "Counts",
    "Found",
    "KnoxBridge",
    "OAuthToolkitBridge",
    "PagedBridge",
    "RowBridge",
    "SimpleJWTBridge",
    "counts_of",
    "credentials_of",
]

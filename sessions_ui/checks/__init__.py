"""System checks: one id for each misconfiguration, one module a topic. Registered in `ready()`."""

from django.core import checks

from sessions_ui.checks import pages, setup, sso

CHECKS = (
    setup.engine,
    setup.middleware,
    setup.trusted_proxies,
    setup.allauth_trust,
    setup.allauth_usersessions,
    setup.cookie_age,
    setup.persistent_connections,
    setup.replica_routing,
    setup.adoption,
    pages.reauthentication,
    sso.providers,
    sso.library,
)
DEPLOY_CHECKS = (setup.cookie_flags, sso.plain_http)


def register() -> None:
    for check in CHECKS:
        checks.register(check)
    for check in DEPLOY_CHECKS:
        checks.register(check, checks.Tags.security, deploy=True)

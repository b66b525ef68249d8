"""System checks: one id for each misconfiguration, one module a topic. Registered in `ready()`."""

from django.core import checks

from sessions_ui.checks import (
    administration,
    audit,
    endings,
    impersonation,
    live,
    metrics,
    privacy,
    risk,
    telling,
    tokens,
    values,
)
from sessions_ui.checks.outside import adoption, bridges, clients, places, sso
from sessions_ui.checks.project import commits, middleware, pages, profiles, schedule, setup

CHECKS = (
    values.values,
    values.names,
    setup.engine,
    middleware.middleware,
    setup.clients,
    setup.allauth_trust,
    setup.allauth_usersessions,
    setup.cookie_age,
    setup.time_zones,
    setup.idle_timeout,
    profiles.profile,
    setup.persistent_connections,
    setup.prepared_look_up,
    setup.adoption,
    setup.databases,
    clients.sign_in_pages,
    commits.synchronous_commit,
    endings.what_ends,
    endings.access_flags,
    endings.access_permissions,
    endings.unused,
    bridges.usable_bridges,
    bridges.uncovered_token_apps,
    bridges.jwts_without_a_list,
    pages.reauthentication,
    pages.sign_in_page,
    pages.request_in_templates,
    risk.suspicious_sign_ins,
    risk.young_session,
    risk.credential_guard,
    administration.administration,
    audit.seal_key,
    audit.detail_retention,
    metrics.metrics,
    sso.providers,
    sso.library,
    places.place_files,
    privacy.forgetting,
    impersonation.hijack,
    schedule.periodic_tasks,
    telling.mail_timeout,
    telling.no_mailer,
    telling.no_address,
    telling.webhook_networks,
    telling.webhook_timeout,
    tokens.tokens,
    live.redis,
    live.clear_site_data,
)
DEPLOY_CHECKS = (
    audit.unsigned,
    setup.cookie_flags,
    setup.secure_cookie,
    sso.plain_http,
    places.unnamed_proxies,
    telling.plain_webhooks,
    live.stream,
)
DATABASE_CHECKS = (adoption.not_adopted,)


def register() -> None:
    for check in CHECKS:
        checks.register(values.where_values_are_right(check))
    for check in DATABASE_CHECKS:
        checks.register(values.where_values_are_right(check), checks.Tags.database)
    for check in DEPLOY_CHECKS:
        checks.register(values.where_values_are_right(check), checks.Tags.security, deploy=True)

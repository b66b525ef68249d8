"""The page that Prometheus scrapes: for whoever has the token, or comes from a network of the site's."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from sessions_ui.client.address import client_address, parse_address
from sessions_ui.conf import conf


@login_not_required
@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer with the figures in Prometheus' format (docs/metrics.md).

    404 for whoever may not read them, so that nobody learns that they are here. Makes no session and needs none. Needs
    the extra `prometheus`.
    """
    if not (has_token(request) or is_of_our_network(request)):
        raise Http404
    from sessions_ui.metrics.prometheus import CONTENT_TYPE, exposition  # an extra, and for no other page

    return HttpResponse(exposition(), content_type=CONTENT_TYPE)


def has_token(request: HttpRequest) -> bool:
    """Return whether the request carries `METRICS_TOKEN` as a bearer token."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if not conf.metrics_token or kind.lower() != "bearer":
        return False
    return constant_time_compare(token.strip(), conf.metrics_token)


def is_of_our_network(request: HttpRequest) -> bool:
    """Return whether the client is in one of `METRICS_NETWORKS`, by `TRUSTED_PROXIES` as everywhere."""
    if not conf.metrics_networks:
        return False
    address = client_address(request.META, conf.trusted_proxies, conf.proxy_header)
    return address is not None and is_in(address)


def is_in(address: str) -> bool:
    parsed = parse_address(address)
    return parsed is not None and any(parsed in network for network in conf.metrics_networks)

"""Naming a device: the form, in the page's dialog for htmx, else on a page of its own, and what it does."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from django_htmx.http import reswap, retarget

from sessions_ui.actions.devices.rename import rename_device
from sessions_ui.conf import conf
from sessions_ui.models import Device
from sessions_ui.web.devices.device_page import device_done, is_on_device_page
from sessions_ui.web.devices.forms import RenameForm
from sessions_ui.web.devices.overview.view import View
from sessions_ui.web.devices.own import own_device
from sessions_ui.web.devices.views import done
from sessions_ui.web.responses.login_required import login_required
from sessions_ui.web.responses.navigation import wants_fragment
from sessions_ui.web.step_up.pending import DIALOG
from sessions_ui.web.step_up.prove import ask_to_rename


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def rename(request: HttpRequest, public_id: str) -> HttpResponseBase:
    device = own_device(request, public_id)
    if request.method != "POST":
        return name_form(request, device, name=device.name)
    form = RenameForm(request.POST)
    if not form.is_valid():
        error = " ".join(map(str, form.errors["name"]))
        return name_form(request, device, name=request.POST.get("name", ""), error=error)
    what = _("Rename “%(name)s”") % {"name": device.title}
    if question := ask_to_rename(request, what, device=device):
        return question
    rename_device(device=device, name=form.cleaned_data["name"], actor=request.user)
    text = _("This device is now called “%(name)s”.") % {"name": device.title}
    return device_done(request, device, text) if is_on_device_page(request) else done(request, text)


def name_form(request: HttpRequest, device: Device, *, name: str, error: str = "") -> HttpResponse:
    """Show the form, with what was typed and what is wrong about it. It leads back to where the act began: the page of
    the device, or the list as it was looked at."""
    is_of_device = is_on_device_page(request)
    place = "" if is_of_device else View.of(request, from_page=True).query
    back = (
        reverse("sessions_ui:device", args=[device.public_id])
        if is_of_device
        else reverse("sessions_ui:devices")
    )
    context: dict[str, Any] = {
        "base_template": conf.base_template,
        "device": device,
        "name": name,
        "error": error,
        "target": "device" if is_of_device else "devices",
        "place": place,
        "back": f"{back}?{place}" if place else back,
    }
    fragment = wants_fragment(request)
    template = "sessions_ui/_name.html" if fragment else "sessions_ui/name.html"
    response = render(request, template, context, status=422 if error else 200)
    return reswap(retarget(response, DIALOG), "innerHTML") if fragment else response

"""Receivers of webhooks: entered here, their secret shown once, tried out, renewed, switched off."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.validators import URLValidator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_GET

from sessions_ui.actions.webhooks.endpoints import ping, renew_secret, save_endpoint, switch_off, switch_on
from sessions_ui.admin.base import CarefulAdmin, act_of_row, person
from sessions_ui.client.network import PORTS, permitted
from sessions_ui.conf import conf
from sessions_ui.models import Endpoint, Hook
from sessions_ui.models.primary import with_users
from sessions_ui.web.responses.shown_once import forget_value, led_to_value, take_value
from sessions_ui.wording.sessions import moment_text

SHOWN = "sessions_ui_endpoint_secret"  # the name of the page that shows it


class EndpointForm(forms.ModelForm):
    types = forms.MultipleChoiceField(
        label=_("Messages about"), choices=Hook.choices, widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = Endpoint
        fields = ("url", "description", "format", "types", "addresses")
        widgets = {"url": forms.URLInput(attrs={"class": "vURLField"})}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if "format" in self.fields:  # it is not where an endpoint is changed
            self.fields["format"].required = False

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        chosen = cleaned.get("format") or self.instance.format
        named = Endpoint(format=chosen, types=cleaned.get("types", [])).untold()
        if named:
            text = _("This format has no message about: %(types)s.")
            self.add_error("types", ValidationError(text, params={"types": ", ".join(named)}))
        return cleaned

    def clean_url(self) -> str:
        """Check what can be judged without asking the DNS; the rest is judged at each delivery, by what the name
        resolves to then."""
        url: str = self.cleaned_data["url"]
        URLValidator(schemes=["https", "http"] if conf.webhook_allow_http else ["https"])(url)
        try:
            parts = urlsplit(url)
            port = PORTS[parts.scheme] if parts.port is None else parts.port
        except ValueError as error:
            raise ValidationError(_("A webhook can’t go to this address.")) from error
        if conf.webhook_ports and port not in conf.webhook_ports:
            ports = ", ".join(map(str, conf.webhook_ports))
            raise ValidationError(
                _("Webhooks may go to these ports only: %(ports)s."), params={"ports": ports}
            )
        if "@" in parts.netloc:
            raise ValidationError(_("Leave out the user name and password: messages are signed."))
        if parts.fragment:
            raise ValidationError(_("Leave out “#…”: a server never sees it."))
        try:
            address = ip_address(parts.hostname or "")
        except ValueError:
            return url  # a name
        if not permitted(address, conf.webhook_allowed_networks):
            raise ValidationError(_("This address is in a network that webhooks may not go to."))
        return url


@admin.register(Endpoint)
class EndpointAdmin(CarefulAdmin):
    """Receivers of webhooks. They are switched off rather than deleted: what was sent there stays visible until the
    retention time is over."""

    form = EndpointForm
    change_form_template = "sessions_ui/admin/endpoint.html"
    list_display = ("__str__", "state", "url", "types_in_words", "created_at")
    fields = (
        *("url", "description", "format", "types", "addresses"),
        *("state", "secret_in_words", "created_at", "creator"),
    )
    readonly_fields = ("state", "secret_in_words", "created_at", "creator")

    def get_readonly_fields(self, request: HttpRequest, obj: Endpoint | None = None) -> Any:
        """Leave the format as it is once the endpoint is made: what waits for it has been laid out for that one."""
        return (*self.readonly_fields, *(["format"] if obj else []))

    def has_delete_permission(self, request: HttpRequest, obj: Endpoint | None = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> Any:
        return with_users(super().get_queryset(request), "created_by").order_by("pk")

    def save_model(self, request: HttpRequest, obj: Endpoint, form: forms.ModelForm, change: bool) -> None:
        save_endpoint(endpoint=obj, actor=request.user)

    def response_add(
        self, request: HttpRequest, obj: Endpoint, post_url_continue: str | None = None
    ) -> HttpResponse:
        return self._to_secret(request, obj, obj.secrets(obj.created_at)[0])

    def get_urls(self) -> list[URLPattern]:
        def named(view: Any, name: str) -> URLPattern:
            wrapped = self.admin_site.admin_view(act_of_row(view, "endpoint"))
            return path(f"<int:pk>/{name}/", wrapped, name=f"sessions_ui_endpoint_{name}")

        return [
            named(self.test, "test"),
            named(self.renew, "renew"),
            named(self.switch, "switch"),
            path("<int:pk>/secret/", self.admin_site.admin_view(self.secret), name=SHOWN),
            *super().get_urls(),
        ]

    def test(self, request: HttpRequest, pk: int) -> HttpResponse:
        endpoint = self._changeable(request, pk)
        delivery = ping(endpoint=endpoint, actor=request.user)
        messages.success(
            request, gettext("A test message is on its way. Reload this page to see whether it arrived.")
        )
        return HttpResponseRedirect(reverse("admin:sessions_ui_delivery_change", args=[delivery.pk]))

    def renew(self, request: HttpRequest, pk: int) -> HttpResponse:
        endpoint = self._changeable(request, pk)
        return self._to_secret(request, endpoint, renew_secret(endpoint=endpoint, actor=request.user))

    def switch(self, request: HttpRequest, pk: int) -> HttpResponse:
        endpoint = self._changeable(request, pk)
        if endpoint.disabled_at is None:
            switch_off(endpoint=endpoint, why=gettext("by an administrator"), actor=request.user)
        else:
            switch_on(endpoint=endpoint, actor=request.user)
        return HttpResponseRedirect(reverse("admin:sessions_ui_endpoint_change", args=[pk]))

    def _changeable(self, request: HttpRequest, pk: int) -> Endpoint:
        endpoint = get_object_or_404(Endpoint, pk=pk)
        if not self.has_change_permission(request, endpoint):
            raise PermissionDenied
        return endpoint

    @sensitive_variables("secret")
    def _to_secret(self, request: HttpRequest, endpoint: Endpoint, secret: str) -> HttpResponse:
        """Lead to the page that shows the secret once: no message, session or URL ever holds it."""
        return led_to_value(request, secret, page=reverse(f"admin:{SHOWN}", args=[endpoint.pk]))

    @method_decorator(require_GET)
    @method_decorator(sensitive_variables("secret", "context"))
    def secret(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show the secret that was made just now, this once. `admin_view` forbids caching."""
        endpoint = self._changeable(request, pk)
        secret = take_value(request)
        if secret is None:
            messages.info(request, gettext("It is shown only once."))
            return HttpResponseRedirect(reverse("admin:sessions_ui_endpoint_change", args=[pk]))
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Copy the secret now"),
            "opts": self.opts,
            "endpoint": endpoint,
            "secret": secret,
        }
        response = TemplateResponse(request, "sessions_ui/admin/endpoint_secret.html", context)
        forget_value(request, response)
        return response

    @admin.display(description=_("state"))
    def state(self, endpoint: Endpoint) -> str:
        if endpoint.disabled_at:
            return gettext("Switched off: %(why)s") % {"why": endpoint.disabled_why}
        return gettext("On")

    @admin.display(description=_("messages about"))
    def types_in_words(self, endpoint: Endpoint) -> str:
        return ", ".join(endpoint.types)

    @admin.display(description=_("secret"))
    def secret_in_words(self, endpoint: Endpoint) -> str:
        if endpoint.former_until:
            return gettext("Not shown again. The former secret signs as well until %(when)s.") % {
                "when": moment_text(endpoint.former_until)
            }
        return gettext("Not shown again.")

    @admin.display(description=_("entered by"))
    def creator(self, endpoint: Endpoint) -> str:
        return person(endpoint.created_by, endpoint.created_by_id)

"""Icons and forms of one button, which stand on a page many times."""

from __future__ import annotations

from typing import Any

import pytest
from django.template import Context, RequestContext, Template
from django.test import RequestFactory, override_settings
from django.utils.safestring import SafeString

from sessions_ui.web.devices import icons
from sessions_ui.web.devices.act_form import act_form

SOURCE = '{% load sessions_ui %}{% icon "clock" %}{% icon "logout" %}{% icon "clock" %}'


def test_an_icon_is_the_same_with_and_without_a_request(rf: RequestFactory) -> None:
    template = Template(SOURCE)
    alone = template.render(Context())
    assert alone == template.render(RequestContext(rf.get("/")))
    assert alone.count("/static/sessions_ui/sprite.svg#clock") == 2
    assert alone.count("sui-icon--turns") == 1


def test_an_icon_is_rendered_once_a_page(rf: RequestFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(icons, "static", lambda path: asked.append(path) or f"/{path}")
    request = rf.get("/")
    for _time in range(2):
        Template(SOURCE).render(RequestContext(request))
    assert len(asked) == 1


def test_the_next_page_asks_the_storage_again(rf: RequestFactory) -> None:
    for address in ("/static/", "/elsewhere/"):
        with override_settings(STATIC_URL=address):
            html = Template(SOURCE).render(RequestContext(rf.get("/")))
        assert f'"{address}sessions_ui/sprite.svg#clock"' in html


def act(**options: Any) -> str:
    context = Context({"csrf_token": "token"})
    context.template = Template("")
    return act_form(context, '/a?b&"c', "Ada's <phone>", **options)


def test_what_people_wrote_is_escaped_in_a_form() -> None:
    html = act(spoken='Sign out "it"', described_by="facts-1")
    assert 'action="/a?b&amp;&quot;c" hx-post="/a?b&amp;&quot;c" hx-target="#devices"' in html
    assert "Ada&#x27;s &lt;phone&gt;" in html
    assert 'aria-label="Sign out &quot;it&quot;" aria-describedby="facts-1"' in html
    assert 'name="csrfmiddlewaretoken" value="token"' in html


def test_what_a_translator_wrote_is_not_escaped_twice() -> None:
    assert 'aria-label="2&nbsp;devices"' in act(spoken=SafeString("2&nbsp;devices"))


def test_a_form_names_the_page_where_it_stands() -> None:
    assert 'name="page"' not in act()
    assert 'hx-target="#device"' in act(target="device")
    assert '<input type="hidden" name="page" value="device">' in act(target="device")

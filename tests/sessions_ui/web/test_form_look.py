"""Which field has the focus when a page with a form is shown."""

from __future__ import annotations

from typing import Any

import pytest
from django import forms
from django.template import Context, Template

from sessions_ui.web.form_look import WHOLE, FormLook, form_look


class Form(forms.Form):
    secret = forms.CharField(widget=forms.HiddenInput)
    name = forms.CharField()
    old = forms.CharField(widget=forms.PasswordInput)
    new = forms.CharField(widget=forms.PasswordInput)
    days = forms.ChoiceField(choices=[("1", "1"), ("2", "2")], widget=forms.RadioSelect)


class Code(forms.Form):
    code = forms.CharField(widget=forms.TextInput(attrs={"autofocus": True}))
    name = forms.CharField()


RIGHT = {"secret": "x", "name": "a", "old": "b", "new": "c", "days": "1"}


def without(*names: str) -> Form:
    return Form({name: value for name, value in RIGHT.items() if name not in names})


def focused(form: forms.Form) -> list[str]:
    return [field.name for field in form if "autofocus" in str(field)]


@pytest.mark.parametrize(
    ("missing", "focus"),
    [(("name", "new"), "name"), (("new", "days"), "new"), (("days",), "days"), (("secret",), WHOLE)],
)
def test_the_first_thing_that_is_wrong_has_the_focus(missing: tuple[str, ...], focus: str) -> None:
    form = without(*missing)
    assert form_look(form).focus == focus
    # A group of boxes, and what is wrong about the whole, get it from the template.
    assert focused(form) == ([focus] if focus in ("name", "new") else [])


def test_what_is_wrong_about_the_whole_form_has_it_where_no_field_is() -> None:
    form = without()
    form.add_error(None, "Something else")
    assert form_look(form, first=True).focus == WHOLE
    assert focused(form) == []


def test_an_empty_form_has_it_only_where_the_page_is_for_nothing_else() -> None:
    form = Form()
    assert form_look(form).focus == ""
    assert focused(form) == []
    assert form_look(form, first=True).focus == "name"
    assert focused(form) == ["name"]


def test_a_field_that_asks_for_it_keeps_it_unless_another_is_wrong() -> None:
    assert form_look(Code()).focus == "code"
    wrong = Code({"code": "1"})
    assert form_look(wrong).focus == "name"
    assert focused(wrong) == ["name"]


def test_what_the_page_says_above_the_form_has_it_before_a_field_that_is_not_wrong() -> None:
    form = Code()
    assert form_look(form, first=True, error="Too many tries.").focus == ""
    assert focused(form) == []
    wrong = Code({"code": "1"})
    assert form_look(wrong, error="Too many tries.").focus == "name"


def test_the_last_password_is_where_they_can_be_shown() -> None:
    assert form_look(Form()).last_password == "new"
    assert form_look(Code()).last_password == ""


@pytest.mark.parametrize("nothing", [None, "", 0])
def test_no_form_has_no_look(nothing: Any) -> None:
    assert form_look(nothing) == FormLook()


def test_a_key_is_drawn_in_groups_of_four_and_has_no_gaps_when_it_is_copied() -> None:
    template = Template("{% load sessions_ui %}{{ key|in_groups }}")
    html = template.render(Context({"key": "JBSWY3DPEH"}))
    drawn = "".join(f'<span class="sui-group">{group}</span><wbr>' for group in ("JBSW", "Y3DP", "EH"))
    assert html == f'<data value="JBSWY3DPEH">{drawn}</data>'


def test_a_key_is_shown_as_text() -> None:
    template = Template("{% load sessions_ui %}{{ key|in_groups }}")
    assert "<b>" not in template.render(Context({"key": "<b>x</b>"}))

"""Where the focus is on a page with a form, and behind which of its fields the passwords can be shown.

`autofocus` works without a script: whoever sent a form that was not right is at the first thing that is wrong about it,
and a screen reader reads what that is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms

WHOLE = "__all__"  # what is wrong about the form as a whole, or about a field that nobody sees


@dataclass(frozen=True, slots=True)
class FormLook:
    """`focus`: the name of the field that has the focus, `WHOLE` for the errors above the fields, empty for none. The
    template gives it to `WHOLE` and to a group of boxes; a single field has the attribute by now. `last_password`: the
    name of the last field that hides what is typed, empty where there is none."""

    focus: str = ""
    last_password: str = ""


def form_look(form: Any, first: Any = False, error: Any = "") -> FormLook:
    """Return what a template needs to know of `form`, and give the focus to one field of it: to the first that is
    wrong, or, where nothing is and with `first`, to the first there is. No form has no look. `error`: what the page
    says above the form, which has the focus itself."""
    if not isinstance(form, forms.BaseForm):
        return FormLook()
    shown = form.visible_fields()
    wrong = [field.name for field in shown if field.errors]
    passwords = [field.name for field in shown if isinstance(field.field.widget, forms.PasswordInput)]
    focus = next(iter(wrong), WHOLE) if form.errors else ""
    if not focus and not error:
        own = [field.name for field in shown if field.field.widget.attrs.get("autofocus")]
        focus = next(iter(own), shown[0].name if first and shown else "")
    for field in shown:
        attributes = field.field.widget.attrs
        attributes.pop("autofocus", None)
        if field.name == focus and not field.use_fieldset:
            attributes["autofocus"] = True
    return FormLook(focus, passwords[-1] if passwords else "")

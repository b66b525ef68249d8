"""What people may type."""

from django import forms
from django.utils.translation import gettext_lazy as _

from sessions_ui.models import Device


class RenameForm(forms.Form):
    """An empty name takes the device's own name away again."""

    name = forms.CharField(
        label=_("Name of this device"), required=False, max_length=Device._meta.get_field("name").max_length
    )

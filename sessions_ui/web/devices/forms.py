"""The forms in which people type something."""

from django import forms
from django.utils.translation import gettext_lazy as _

from sessions_ui.models import Device


class RenameForm(forms.Form):
    """The name of a device. An empty one removes the device's own name."""

    name = forms.CharField(
        label=_("Name of this device"), required=False, max_length=Device._meta.get_field("name").max_length
    )

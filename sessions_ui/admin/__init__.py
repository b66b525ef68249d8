"""The app in Django's admin: everything to look at, nothing to edit; sign-outs go through the same actions as ever."""

from sessions_ui.admin.deliveries import DeliveryAdmin
from sessions_ui.admin.history import ActAdmin, EventAdmin
from sessions_ui.admin.sessions import DeviceAdmin, SessionAdmin

__all__ = ["ActAdmin", "DeliveryAdmin", "DeviceAdmin", "EventAdmin", "SessionAdmin"]

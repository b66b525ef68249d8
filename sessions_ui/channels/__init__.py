"""Ways to tell somebody: one small class each, chosen by the name on the delivery."""

from sessions_ui.channels.base import Channel, DeliveryFailed, NotWanted
from sessions_ui.channels.mail import MailChannel

CHANNELS: dict[str, Channel] = {"mail": MailChannel()}

__all__ = ["CHANNELS", "Channel", "DeliveryFailed", "NotWanted"]

"""Ways to tell somebody: one small class each, chosen by the name on the delivery."""

from sessions_ui.channels.base import Channel, DeliveryFailed, NotNow, NotWanted, ServerAway
from sessions_ui.channels.bridges import BridgeChannel
from sessions_ui.channels.emails.channel import MailChannel
from sessions_ui.channels.webhooks.channel import Gone, WebhookChannel

CHANNELS: dict[str, Channel] = {
    "mail": MailChannel(),
    "webhook": WebhookChannel(),
    "bridge": BridgeChannel(),
}

__all__ = ["CHANNELS", "Channel", "DeliveryFailed", "Gone", "NotNow", "NotWanted", "ServerAway"]

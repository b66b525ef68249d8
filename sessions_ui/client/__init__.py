"""What a request says of its client: pure functions, no ORM, no request kept."""

from sessions_ui.client.improve import contradicts, improved
from sessions_ui.client.info import Client, ClientInfo, Place
from sessions_ui.client.request import client_info, parse_user_agent, warm_up

__all__ = [
    "Client",
    "ClientInfo",
    "Place",
    "client_info",
    "contradicts",
    "improved",
    "parse_user_agent",
    "warm_up",
]

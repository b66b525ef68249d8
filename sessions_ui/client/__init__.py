"""What a request says of its client: pure functions, no ORM, no request kept."""

from sessions_ui.client.evidence import warm_up
from sessions_ui.client.improve import contradicts, improved
from sessions_ui.client.info import Client, ClientInfo, Place
from sessions_ui.client.request import client_info

__all__ = ["Client", "ClientInfo", "Place", "client_info", "contradicts", "improved", "warm_up"]

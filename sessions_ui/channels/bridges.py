"""The channel to other packages' credentials: what could not be ended together with the sessions is ended here.

Its rows are in another database, or their bridge has raised. It may be done twice: what has ended ends no more.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from django.db import router

from sessions_ui.audit import events
from sessions_ui.bridges.active import asked, bridge_named
from sessions_ui.bridges.protocol import Bridge
from sessions_ui.channels.base import DeliveryFailed
from sessions_ui.database.transactions import in_transaction
from sessions_ui.exceptions import TryAgain
from sessions_ui.models import Act, Delivery, EndReason


class BridgeChannel:
    """Ends the credentials of the delivery's user that its act was about; `receiver` is the name of the bridge."""

    def deliver(self, delivery: Delivery) -> None:
        bridge, act = bridge_named(delivery.receiver), delivery.act
        if bridge is None or act is None:
            raise DeliveryFailed("there is no such bridge any more (BRIDGES)", permanent=True)
        try:
            if bridge.database() == router.db_for_write(Delivery):
                in_transaction(partial(_end_and_tell, bridge, act, delivery.user_id), decides=True)
            else:
                _end_and_tell(bridge, act, delivery.user_id)
        except TryAgain:
            raise
        except Exception as error:
            # Only its name: a database repeats in its messages what was in the row.
            raise DeliveryFailed(type(error).__name__) from None


def _end_and_tell(bridge: Bridge, act: Act, user_id: Any) -> None:
    end_of = partial(bridge.end_of, [user_id], EndReason(act.reason), made_before=act.at)
    counts: Mapping[Any, int] = asked(bridge, end_of)
    events.append_bridged(act, bridge.name, counts)

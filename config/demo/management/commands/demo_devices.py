"""`make demo-devices`: send the next request of each of the demo's devices and say what came of it."""

from __future__ import annotations

from typing import Any

import httpx
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config.demo.address import DemoAddress, read_address
from config.demo.browsers import DemoBrowsers


class Command(BaseCommand):
    help = "Shows for each demo device whether its next request is let in. The demo has to be running."
    requires_system_checks = []

    def handle(self, **options: Any) -> None:
        address = read_address(settings.VAR_DIR)
        if address is None:
            raise CommandError(f"No demo is running on {settings.VAR_DIR}. Start it first: make run")
        try:
            refuse_other_server(address)
            for device, let_in in DemoBrowsers(address.url, settings.VAR_DIR).ask_all():
                words = self.style.SUCCESS("let in ") if let_in else self.style.ERROR("refused")
                self.stdout.write(f"{words}  {device.person.email:<20} {device.what}")
        except httpx.TransportError as error:
            raise CommandError(
                f"The demo does not answer on {address.url}. Start it again: make run"
            ) from error


def refuse_other_server(address: DemoAddress) -> None:
    """Raise `CommandError` where something else answers: what it refuses says nothing of the demo's devices."""
    with httpx.Client(trust_env=False, timeout=30) as client:
        answer = client.get(f"{address.url}/demo/id/")
    if answer.status_code != httpx.codes.OK or answer.text != address.id:
        raise CommandError(f"Another server answers on {address.url}. Start the demo again: make run")

"""`make demo-devices`: send the next request of each of the demo's devices and say what came of it."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from typing import Any

import httpx
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config.demo.browsers import DemoBrowsers


class Command(BaseCommand):
    help = "Shows for each demo device whether its next request is let in. The demo has to be running."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=int(os.environ.get("PORT") or 8000))

    def handle(self, *, port: int, **options: Any) -> None:
        url = f"http://localhost:{port}"
        try:
            for device, let_in in DemoBrowsers(url, settings.VAR_DIR).ask_all():
                words = self.style.SUCCESS("let in ") if let_in else self.style.ERROR("refused")
                self.stdout.write(f"{words}  {device.person.email:<20} {device.what}")
        except httpx.ConnectError as error:
            raise CommandError(
                f"Nothing answers on {url}. Start the demo first: make run. If it has another port: "
                f"make demo-devices PORT={port + 1}"
            ) from error

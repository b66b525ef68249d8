"""The inside of a worker, `python -m benchmarks.worker MODULE [fresh]`: reads [what, arguments], answers in JSON."""

from __future__ import annotations

import json
import os
import sys
from importlib import import_module

import django


def main(module: str, fresh: bool) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
    django.setup()

    from django.contrib.auth import get_user_model
    from django.core.management import call_command

    from benchmarks.urls import USERNAME

    if fresh:
        call_command("migrate", verbosity=0)
        get_user_model().objects.create(username=USERNAME, email="bench@example.com", password="!unusable")
    offers = import_module(module).work()
    for line in sys.stdin:
        what, arguments = json.loads(line)
        print(json.dumps(offers[what](**arguments)), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], fresh="fresh" in sys.argv[2:])

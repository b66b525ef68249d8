#!/usr/bin/env python
"""Django's command-line utility for this site."""

import os
import sys

from django.core.management import execute_from_command_line

from config import process

if __name__ == "__main__":
    process.become(process.Process.COMMAND)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    execute_from_command_line(sys.argv)

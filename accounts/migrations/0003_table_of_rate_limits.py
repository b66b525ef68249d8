"""The table of the database cache, where rate limits count without Redis. An outage is no time to find it missing."""

from django.core.management import call_command
from django.db import migrations

TABLE = "site_cache"


def make_table(apps, schema_editor):
    """Make the table; do nothing where it is there already."""
    call_command("createcachetable", TABLE, database=schema_editor.connection.alias, verbosity=0)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_since_when_addresses_are_verified")]

    operations = [migrations.RunPython(make_table, migrations.RunPython.noop)]

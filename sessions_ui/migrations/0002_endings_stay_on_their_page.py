"""An ending, like a touch, becomes a HOT update on PostgreSQL: it changes no indexed column, and each page has room."""

from django.db import migrations

PERCENT = 85


def leave_room(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        table = schema_editor.quote_name(apps.get_model("sessions_ui", "Session")._meta.db_table)
        schema_editor.execute(f"ALTER TABLE {table} SET (fillfactor = {PERCENT})")


def fill_pages(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        table = schema_editor.quote_name(apps.get_model("sessions_ui", "Session")._meta.db_table)
        schema_editor.execute(f"ALTER TABLE {table} RESET (fillfactor)")


class Migration(migrations.Migration):
    dependencies = [("sessions_ui", "0001_sessions_devices_deliveries_and_cases")]

    operations = [migrations.RunPython(leave_room, fill_pages)]

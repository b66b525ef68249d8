"""An ending, like a touch, becomes a HOT update on PostgreSQL: it changes no indexed column, and each page has room."""

import django.db.models.deletion
from django.db import migrations, models

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
    dependencies = [
        ("sessions_ui", "0003_adopted_sessions_are_remembered"),
    ]

    operations = [
        migrations.AlterField(
            model_name="session",
            name="act",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="sessions",
                to="sessions_ui.act",
            ),
        ),
        migrations.RunPython(leave_room, fill_pages),
    ]

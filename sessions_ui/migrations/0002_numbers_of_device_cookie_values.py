from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sessions_ui", "0002_how_a_session_was_authenticated")]

    operations = [
        migrations.AddField(
            model_name="device",
            name="cookie_issued",
            field=models.PositiveIntegerField(db_default=0, default=0, editable=False),
        ),
        migrations.AddField(
            model_name="device",
            name="cookie_seen",
            field=models.PositiveIntegerField(db_default=0, default=0, editable=False),
        ),
    ]

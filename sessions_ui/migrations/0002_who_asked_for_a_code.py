"""By whom a code was asked for: limits count by it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sessions_ui", "0001_sessions_devices_deliveries_and_cases")]

    operations = [
        migrations.AddField(
            model_name="verificationcode",
            name="asked_by",
            field=models.CharField(blank=True, default="", editable=False, max_length=64),
            preserve_default=False,
        ),
    ]

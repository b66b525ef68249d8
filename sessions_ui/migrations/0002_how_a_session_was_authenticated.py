from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("sessions_ui", "0001_sessions_devices_deliveries_and_cases"),
    ]

    operations = [
        migrations.AddField(
            model_name="session",
            name="authentication",
            field=models.JSONField(blank=True, editable=False, null=True),
        ),
    ]

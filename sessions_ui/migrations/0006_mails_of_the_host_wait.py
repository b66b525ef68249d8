from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sessions_ui", "0005_device_cookie_set_at")]

    operations = [
        migrations.AddField(
            model_name="delivery",
            name="sealed",
            field=models.TextField(blank=True, editable=False, null=True),
        ),
    ]

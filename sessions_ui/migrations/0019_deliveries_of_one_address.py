from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("sessions_ui", "0018_tabs_are_told"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    # The new one first: MariaDB needs an index on the act at any time.
    operations = [
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.UniqueConstraint(
                fields=("act", "user", "channel", "receiver"), name="sessions_ui_delivery_act_once"
            ),
        ),
        migrations.RemoveConstraint(model_name="delivery", name="sessions_ui_delivery_once"),
    ]

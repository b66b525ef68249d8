"""Mails are in the language of whoever gets them: that of their sign-up, or the one that they have chosen."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0006_encrypt_secrets_of_factors"),
    ]

    operations = [
        # With a default of the database, because servers of the release before still add users meanwhile.
        migrations.AddField(
            model_name="user",
            name="language",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=16, verbose_name="language of mails"
            ),
        ),
    ]

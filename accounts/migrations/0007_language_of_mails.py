"""Mails are in the language of whoever gets them, which the site remembers from their sign-up and sign-ins."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0006_encrypt_secrets_of_factors"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="language",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=16, verbose_name="language of mails"
            ),
        ),
    ]

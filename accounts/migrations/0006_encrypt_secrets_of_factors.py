"""Secrets of second factors were stored plain. They are encrypted with the first of FACTOR_KEYS."""

from django.db import migrations

from accounts.credentials.factor_secrets import reseal


def encrypt_what_is_plain(apps, schema_editor):
    reseal(apps.get_model("mfa", "Authenticator").objects.using(schema_editor.connection.alias))


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_who_removed_an_address"),
        ("mfa", "0003_authenticator_type_uniq"),
    ]

    operations = [migrations.RunPython(encrypt_what_is_plain, migrations.RunPython.noop)]

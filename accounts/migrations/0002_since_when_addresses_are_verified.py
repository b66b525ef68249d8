"""allauth does not keep when an address was verified. Those that are there count from the day their account began."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

BATCH = 1000


def note_what_is_there(apps, schema_editor):
    addresses = apps.get_model("account", "EmailAddress").objects.filter(verified=True).order_by("pk")
    verified = apps.get_model("accounts", "VerifiedAddress").objects
    after = 0
    while batch := list(addresses.filter(pk__gt=after).values_list("pk", "user_id", "email", "user__date_joined")[:BATCH]):
        verified.bulk_create(
            [
                verified.model(user_id=user_id, email=email.lower(), verified_at=joined)
                for _pk, user_id, email, joined in batch
            ],
            ignore_conflicts=True,
        )
        after = batch[-1][0]


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_users"),
        ("account", "0009_emailaddress_unique_primary_email"),
    ]

    operations = [
        migrations.CreateModel(
            name="VerifiedAddress",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("email", models.EmailField(max_length=254, verbose_name="email address")),
                ("verified_at", models.DateTimeField(verbose_name="verified")),
                ("removed_at", models.DateTimeField(blank=True, null=True, verbose_name="removed")),
                (
                    "user",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "verified address",
                "verbose_name_plural": "verified addresses",
                "constraints": [
                    models.UniqueConstraint(fields=("user", "email"), name="accounts_verified_address_once")
                ],
            },
        ),
        migrations.RunPython(note_what_is_there, migrations.RunPython.noop),
    ]

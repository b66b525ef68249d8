"""Who removed a verified address decides what may still go there; the help desk searches by former ones."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_indexes_for_searches"),
    ]

    operations = [
        migrations.AddField(
            model_name="verifiedaddress",
            name="removed_by_settled",
            field=models.BooleanField(blank=True, null=True, verbose_name="removed by its owner"),
        ),
        migrations.AddIndex(
            model_name="verifiedaddress",
            index=models.Index(fields=["email"], name="accounts_verified_email"),
        ),
    ]

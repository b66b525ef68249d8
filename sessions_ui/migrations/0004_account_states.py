import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


def take_over(apps, schema_editor):
    """What was decided about accounts, from the tables where it stood until now."""
    using = schema_editor.connection.alias
    state = apps.get_model("sessions_ui", "AccountState")
    found = {}

    def of(user_id):
        return found.setdefault(user_id, state(user_id=user_id))

    required = apps.get_model("sessions_ui", "RequiredPassword").objects.using(using)
    for row in required.filter(fulfilled_at__isnull=True, user_id__isnull=False):
        of(row.user_id).password_required_at = row.required_at
        of(row.user_id).password_required_by_id = row.required_by_id
    for row in apps.get_model("sessions_ui", "AdoptionCut").objects.using(using).filter(user_id__isnull=False):
        of(row.user_id).cut_at = row.at
    open_ones = apps.get_model("sessions_ui", "Offboarding").objects.using(using)
    for row in open_ones.filter(cancelled_at__isnull=True, user_id__isnull=False).order_by("-ends_at"):
        of(row.user_id).ends_at = row.ends_at
    state.objects.using(using).bulk_create(found.values(), batch_size=500)


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("sessions_ui", "0002_endings_stay_on_their_page"),
    ]

    operations = [
        migrations.CreateModel(
            name="AccountState",
            fields=[
                ("user", models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, primary_key=True, related_name="+", serialize=False, to=settings.AUTH_USER_MODEL)),
                ("epoch", models.PositiveBigIntegerField(default=0)),
                ("reason", models.CharField(blank=True, max_length=32)),
                ("sign_ins", models.PositiveBigIntegerField(default=0)),
                ("changed_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("cut_at", models.DateTimeField(blank=True, null=True)),
                ("password_required_at", models.DateTimeField(blank=True, null=True)),
                ("ends_at", models.DateTimeField(blank=True, null=True)),
                ("password_required_by", models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to=settings.AUTH_USER_MODEL)),
            ],
            options={"verbose_name": "account state", "verbose_name_plural": "account states"},
        ),
        migrations.AddField(
            model_name="session",
            name="next_auth_hash",
            field=models.CharField(blank=True, db_default="", default="", editable=False, max_length=128),
        ),
        migrations.RunPython(take_over, migrations.RunPython.noop, elidable=True),
        migrations.DeleteModel(name="RequiredPassword"),
        migrations.DeleteModel(name="AdoptionCut"),
    ]

"""The group "Help desk" with its one permission. Whoever renames or deletes it is not overruled later."""

from django.db import migrations, router

GROUP = "Help desk"
PERMISSION = ("help_desk", "Can sign out the devices of callers")


def create_group(apps, schema_editor):
    using = schema_editor.connection.alias
    if not router.allow_migrate(using, "auth", model_name="group"):
        return  # groups live in another database: give the permission to a group there
    content_type, _ = apps.get_model("contenttypes", "ContentType").objects.using(using).get_or_create(
        app_label="sessions_ui", model="case"
    )
    # Django makes the permissions after the migrations, and finds this one done then.
    codename, name = PERMISSION
    permission, _ = apps.get_model("auth", "Permission").objects.using(using).get_or_create(
        content_type=content_type, codename=codename, defaults={"name": name}
    )
    group, _ = apps.get_model("auth", "Group").objects.using(using).get_or_create(name=GROUP)
    group.permissions.add(permission)


def leave_group(apps, schema_editor):
    """People may be in it by now."""


class Migration(migrations.Migration):
    dependencies = [
        ("sessions_ui", "0002_endings_stay_on_their_page"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(create_group, leave_group)]

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('sessions_ui', '0004_metadata_of_a_session'),
    ]

    operations = [
        migrations.AddField(
            model_name='delivery',
            name='attempt_log',
            field=models.JSONField(blank=True, editable=False, null=True),
        ),
    ]

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('sessions_ui', '0006_names_of_fields_and_models'),
    ]

    operations = [
        migrations.AddField(
            model_name='accountstate',
            name='unused_months',
            field=models.PositiveSmallIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='session',
            name='unused_told_at',
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
    ]

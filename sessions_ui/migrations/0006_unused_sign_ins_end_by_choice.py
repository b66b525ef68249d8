from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('sessions_ui', '0005_attempts_of_webhooks'),
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

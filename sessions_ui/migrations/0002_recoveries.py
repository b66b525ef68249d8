

import django.db.models.deletion
import django.utils.timezone
import sessions_ui.models.fields
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('sessions_ui', '0001_sessions_devices_deliveries_and_cases'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='accountstate',
            name='frozen_until',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='accountstate',
            name='recovering_since',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='casereceipt',
            name='recovery',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.CreateModel(
            name='Recovery',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('public_id', models.CharField(default=sessions_ui.models.fields.new_public_id, editable=False, max_length=16)),
                ('opened_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='opened')),
                ('opened_by', models.CharField(max_length=16, verbose_name='opened by')),
                ('since', models.DateTimeField(verbose_name='reported sign-in')),
                ('address', models.EmailField(blank=True, max_length=254, verbose_name='e-mail address')),
                ('needs_password', models.BooleanField(default=False, verbose_name='new password needed')),
                ('password_at', models.DateTimeField(blank=True, null=True, verbose_name='new password chosen')),
                ('credentials_at', models.DateTimeField(blank=True, null=True, verbose_name='additions looked at')),
                ('expires_at', models.DateTimeField(verbose_name='ends at the latest')),
                ('closed_at', models.DateTimeField(blank=True, null=True, verbose_name='closed')),
                ('closed_why', models.CharField(blank=True, max_length=16, verbose_name='closed because')),
                ('ticket', models.CharField(blank=True, max_length=100, verbose_name='ticket')),
                ('actor', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('closed_by', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('session', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='sessions_ui.session')),
                ('user', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'recovery',
                'verbose_name_plural': 'recoveries',
                'indexes': [models.Index(fields=['user', 'id'], name='sessions_ui_recovery_user'), models.Index(condition=models.Q(('closed_at__isnull', True)), fields=['expires_at'], name='sessions_ui_recovery_open')],
                'constraints': [models.UniqueConstraint(fields=('public_id',), name='sessions_ui_recovery_public_id')],
            },
        ),
    ]

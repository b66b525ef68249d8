"""Receivers of webhooks; what was told to whom by user and by receiver; mails that wait for their turn."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('sessions_ui', '0014_staff_uses_accounts'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='delivery',
            name='held_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name='event',
            name='kind',
            field=models.CharField(choices=[('signed_in', 'signed in'), ('adopted', 'taken over from another session engine'), ('ended', 'signed out'), ('reauthenticated', 'confirmed who it is'), ('reauthentication_failed', 'could not confirm who it is'), ('client_changed', 'another browser or system'), ('device_renamed', 'device renamed'), ('device_lost', 'device marked lost'), ('device_found', 'device found again'), ('device_confirmed', 'device confirmed'), ('flagged', 'sign-in flagged'), ('challenged', 'asked for a further proof'), ('not_me', 'sign-in not recognised'), ('code_sent', 'code sent'), ('proven', 'a further proof given'), ('help_desk', 'help desk'), ('password_required', 'a new password was required'), ('email_changed', 'e-mail address changed'), ('impersonated', 'used by support'), ('told', 'told'), ('telling_failed', 'could not be told'), ('retold', 'told again by an administrator'), ('endpoint_changed', 'webhook endpoint changed')], max_length=32),
        ),
        migrations.CreateModel(
            name='Endpoint',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('url', models.CharField(max_length=500, verbose_name='address')),
                ('description', models.CharField(blank=True, max_length=100, verbose_name='description')),
                ('types', models.JSONField(default=list, verbose_name='tells of')),
                ('addresses', models.BooleanField(default=False, help_text='Only for a receiver that may know where people are.', verbose_name='with network addresses')),
                ('secret', models.TextField(editable=False)),
                ('former_secret', models.TextField(blank=True, editable=False)),
                ('former_until', models.DateTimeField(blank=True, editable=False, null=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('disabled_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('disabled_why', models.CharField(blank=True, editable=False, max_length=100)),
                ('created_by', models.ForeignKey(blank=True, db_constraint=False, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'webhook endpoint',
                'verbose_name_plural': 'webhook endpoints',
            },
        ),
        migrations.AddField(
            model_name='delivery',
            name='endpoint',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='sessions_ui.endpoint'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(fields=['user', 'id'], name='sessions_ui_delivery_user'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('endpoint__isnull', False)), fields=['endpoint', 'id'], name='sessions_ui_delivery_endpoint'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.UniqueConstraint(fields=('event', 'channel', 'receiver'), name='sessions_ui_delivery_event_once'),
        ),
    ]

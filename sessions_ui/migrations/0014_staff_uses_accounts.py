"""Sessions in which staff uses an account: from whose, found by an index that holds nothing else; who may."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('sessions_ui', '0013_administrators_filter_fast'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='session',
            options={'permissions': [('impersonate', 'Can use the account of somebody else (impersonate)')], 'verbose_name': 'session', 'verbose_name_plural': 'sessions'},
        ),
        migrations.AddField(
            model_name='session',
            name='impersonated_from',
            field=models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='impersonations', to='sessions_ui.session'),
        ),
        migrations.AlterField(
            model_name='event',
            name='kind',
            field=models.CharField(choices=[('signed_in', 'signed in'), ('adopted', 'taken over from another session engine'), ('ended', 'signed out'), ('reauthenticated', 'confirmed who it is'), ('reauthentication_failed', 'could not confirm who it is'), ('client_changed', 'another browser or system'), ('device_renamed', 'device renamed'), ('device_lost', 'device marked lost'), ('device_found', 'device found again'), ('device_confirmed', 'device confirmed'), ('flagged', 'sign-in flagged'), ('challenged', 'asked for a further proof'), ('not_me', 'sign-in not recognised'), ('code_sent', 'code sent'), ('proven', 'a further proof given'), ('help_desk', 'help desk'), ('password_required', 'a new password was required'), ('email_changed', 'e-mail address changed'), ('impersonated', 'used by support'), ('told', 'told'), ('telling_failed', 'could not be told')], max_length=32),
        ),
        migrations.AddIndex(
            model_name='session',
            index=models.Index(condition=models.Q(('impersonated_from__isnull', False)), fields=['impersonated_from'], name='sessions_ui_session_from'),
        ),
    ]

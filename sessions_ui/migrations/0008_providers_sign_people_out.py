"""What a provider says is kept, and found: logout tokens, and sessions by what they are called there."""

import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('sessions_ui', '0007_people_confirm_who_they_are'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ProviderSignOut',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('token_digest', models.CharField(editable=False, max_length=64)),
                ('iss', models.CharField(max_length=255)),
                ('sub', models.CharField(blank=True, max_length=255)),
                ('sid', models.CharField(blank=True, max_length=255)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('done_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'verbose_name': 'sign-out at a provider',
                'verbose_name_plural': 'sign-outs at a provider',
            },
        ),
        migrations.AlterField(
            model_name='act',
            name='reason',
            field=models.CharField(choices=[('signed_out', 'signed out on the device itself'), ('signed_out_remotely', 'signed out from another device'), ('signed_out_everywhere', 'signed out everywhere'), ('superseded', 'replaced by a newer sign-in in the same browser'), ('password_changed', 'the password was changed'), ('password_reset', 'the password was reset'), ('factor_changed', 'a second factor was changed'), ('access_changed', 'the rights of the account changed'), ('account_disabled', 'the account was disabled'), ('account_deleted', 'the account was deleted'), ('offboarded', 'access ended on the agreed date'), ('device_lost', 'the device was reported lost'), ('not_me', 'the sign-in was not recognised'), ('suspicious', 'the sign-in looked suspicious'), ('help_desk', 'signed out by the help desk'), ('administrator', 'signed out by an administrator'), ('incident', 'signed out as a security measure'), ('idle_timeout', 'not used for too long'), ('absolute_timeout', 'the sign-in reached its time limit'), ('session_limit', 'too many devices were signed in'), ('provider_sign_out', 'signed out at the sign-in provider'), ('owner_ended', 'what it belonged to is gone'), ('api', 'signed out by an application')], max_length=32),
        ),
        migrations.AlterField(
            model_name='event',
            name='reason',
            field=models.CharField(blank=True, choices=[('signed_out', 'signed out on the device itself'), ('signed_out_remotely', 'signed out from another device'), ('signed_out_everywhere', 'signed out everywhere'), ('superseded', 'replaced by a newer sign-in in the same browser'), ('password_changed', 'the password was changed'), ('password_reset', 'the password was reset'), ('factor_changed', 'a second factor was changed'), ('access_changed', 'the rights of the account changed'), ('account_disabled', 'the account was disabled'), ('account_deleted', 'the account was deleted'), ('offboarded', 'access ended on the agreed date'), ('device_lost', 'the device was reported lost'), ('not_me', 'the sign-in was not recognised'), ('suspicious', 'the sign-in looked suspicious'), ('help_desk', 'signed out by the help desk'), ('administrator', 'signed out by an administrator'), ('incident', 'signed out as a security measure'), ('idle_timeout', 'not used for too long'), ('absolute_timeout', 'the sign-in reached its time limit'), ('session_limit', 'too many devices were signed in'), ('provider_sign_out', 'signed out at the sign-in provider'), ('owner_ended', 'what it belonged to is gone'), ('api', 'signed out by an application')], max_length=32),
        ),
        migrations.AlterField(
            model_name='session',
            name='end_reason',
            field=models.CharField(blank=True, choices=[('signed_out', 'signed out on the device itself'), ('signed_out_remotely', 'signed out from another device'), ('signed_out_everywhere', 'signed out everywhere'), ('superseded', 'replaced by a newer sign-in in the same browser'), ('password_changed', 'the password was changed'), ('password_reset', 'the password was reset'), ('factor_changed', 'a second factor was changed'), ('access_changed', 'the rights of the account changed'), ('account_disabled', 'the account was disabled'), ('account_deleted', 'the account was deleted'), ('offboarded', 'access ended on the agreed date'), ('device_lost', 'the device was reported lost'), ('not_me', 'the sign-in was not recognised'), ('suspicious', 'the sign-in looked suspicious'), ('help_desk', 'signed out by the help desk'), ('administrator', 'signed out by an administrator'), ('incident', 'signed out as a security measure'), ('idle_timeout', 'not used for too long'), ('absolute_timeout', 'the sign-in reached its time limit'), ('session_limit', 'too many devices were signed in'), ('provider_sign_out', 'signed out at the sign-in provider'), ('owner_ended', 'what it belonged to is gone'), ('api', 'signed out by an application')], max_length=32),
        ),
        migrations.AddIndex(
            model_name='session',
            index=models.Index(condition=models.Q(('sid__gt', '')), fields=['sid'], name='sessions_ui_session_sid'),
        ),
        migrations.AddIndex(
            model_name='session',
            index=models.Index(condition=models.Q(('sub__gt', '')), fields=['sub'], name='sessions_ui_session_sub'),
        ),
        migrations.AddIndex(
            model_name='providersignout',
            index=models.Index(fields=['sid'], name='sessions_ui_sign_out_sid'),
        ),
        migrations.AddIndex(
            model_name='providersignout',
            index=models.Index(fields=['sub'], name='sessions_ui_sign_out_sub'),
        ),
        migrations.AddConstraint(
            model_name='providersignout',
            constraint=models.UniqueConstraint(fields=('token_digest',), name='sessions_ui_provider_sign_out_once'),
        ),
    ]

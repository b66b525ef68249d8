import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
import sessions_ui.models.event
import sessions_ui.models.fields
import uuid
from django.conf import settings
from django.db import migrations, models


PERCENT = 85


def leave_room(apps, schema_editor):
    """So an ending, like a touch, is a HOT update on PostgreSQL: it changes no indexed column, and stays on its page."""
    if schema_editor.connection.vendor == "postgresql":
        table = schema_editor.quote_name(apps.get_model("sessions_ui", "Session")._meta.db_table)
        schema_editor.execute(f"ALTER TABLE {table} SET (fillfactor = {PERCENT})")


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Adoption',
            fields=[
                ('digest', models.CharField(editable=False, max_length=64, primary_key=True, serialize=False)),
                ('source', models.CharField(max_length=32)),
                ('expires_at', models.DateTimeField()),
                ('seen_at', models.DateTimeField()),
            ],
            options={
                'verbose_name': 'adoption',
                'verbose_name_plural': 'adoptions',
            },
        ),
        migrations.CreateModel(
            name='Checkpoint',
            fields=[
                ('number', models.BigIntegerField(primary_key=True, serialize=False)),
                ('at', models.DateTimeField()),
                ('last', models.BigIntegerField()),
                ('newest_at', models.DateTimeField()),
                ('greatest_event', models.BigIntegerField()),
                ('text', models.TextField()),
                ('signature', models.CharField(blank=True, max_length=88)),
            ],
            options={
                'verbose_name': 'checkpoint',
                'verbose_name_plural': 'checkpoints',
            },
        ),
        migrations.CreateModel(
            name='Containment',
            fields=[
                ('id', models.PositiveSmallIntegerField(default=1, editable=False, primary_key=True, serialize=False)),
                ('generation', models.PositiveBigIntegerField(default=0)),
                ('everyone', models.PositiveBigIntegerField(default=0)),
                ('staff', models.PositiveBigIntegerField(default=0)),
                ('before', models.PositiveBigIntegerField(default=0)),
                ('before_at', models.DateTimeField(blank=True, null=True)),
                ('decided_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'verbose_name': 'containment',
                'verbose_name_plural': 'containments',
            },
        ),
        migrations.CreateModel(
            name='Cursor',
            fields=[
                ('name', models.CharField(max_length=32, primary_key=True, serialize=False)),
                ('position', models.BigIntegerField(default=0)),
            ],
            options={
                'verbose_name': 'cursor',
                'verbose_name_plural': 'cursors',
            },
        ),
        migrations.CreateModel(
            name='Event',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('kind', models.CharField(max_length=32)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('reason', models.CharField(blank=True, max_length=32)),
                ('ticket', models.CharField(blank=True, db_default='', default='', max_length=100)),
                ('request_id', models.CharField(blank=True, db_default='', default='', max_length=64)),
                ('data', models.JSONField(blank=True, default=dict)),
            ],
            options={
                'verbose_name': 'event',
                'verbose_name_plural': 'events',
            },
        ),
        migrations.CreateModel(
            name='Duration',
            fields=[
                ('name', models.CharField(max_length=32, primary_key=True, serialize=False)),
                ('number', models.PositiveBigIntegerField(default=0)),
                ('seconds', models.FloatField(default=0.0)),
            ],
            options={
                'verbose_name': 'duration',
                'verbose_name_plural': 'durations',
            },
        ),
        migrations.CreateModel(
            name='Heartbeat',
            fields=[
                ('name', models.CharField(max_length=32, primary_key=True, serialize=False)),
                ('seen_at', models.DateTimeField()),
                ('number', models.PositiveIntegerField(blank=True, null=True)),
            ],
            options={
                'verbose_name': 'heartbeat',
                'verbose_name_plural': 'heartbeats',
            },
        ),
        migrations.CreateModel(
            name='AccessReview',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('public_id', models.CharField(default=sessions_ui.models.fields.new_public_id, editable=False, max_length=16)),
                ('organization_id', models.CharField(blank=True, max_length=255, verbose_name='organization')),
                ('ticket', models.CharField(blank=True, max_length=100, verbose_name='ticket')),
                ('note', models.TextField(blank=True, verbose_name='note')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('closed_at', models.DateTimeField(blank=True, null=True)),
                ('unasked', models.JSONField(blank=True, default=list, editable=False)),
                ('actor', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('closed_by', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'access review',
                'verbose_name_plural': 'access reviews',
                'permissions': [('review_access', 'Can review who has access, and end it')],
            },
        ),
        migrations.CreateModel(
            name='AccountState',
            fields=[
                ('user', models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, primary_key=True, related_name='+', serialize=False, to=settings.AUTH_USER_MODEL)),
                ('epoch', models.PositiveBigIntegerField(default=0)),
                ('reason', models.CharField(blank=True, max_length=32)),
                ('decided_at', models.DateTimeField(blank=True, null=True)),
                ('tokens_ended_at', models.DateTimeField(blank=True, null=True)),
                ('tokens_ended_for', models.CharField(blank=True, max_length=32)),
                ('sign_ins', models.PositiveBigIntegerField(default=0)),
                ('changed_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('cut_at', models.DateTimeField(blank=True, null=True)),
                ('password_required_at', models.DateTimeField(blank=True, null=True)),
                ('password_changed_at', models.DateTimeField(blank=True, null=True)),
                ('password_kept_id', models.BigIntegerField(blank=True, null=True)),
                ('recovering_since', models.DateTimeField(blank=True, null=True)),
                ('frozen_until', models.DateTimeField(blank=True, null=True)),
                ('ends_at', models.DateTimeField(blank=True, null=True)),
                ('password_required_by', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'account state',
                'verbose_name_plural': 'account states',
            },
        ),
        migrations.CreateModel(
            name='Case',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('public_id', models.CharField(default=sessions_ui.models.fields.new_public_id, editable=False, max_length=16)),
                ('opened_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('expires_at', models.DateTimeField()),
                ('ticket', models.CharField(blank=True, max_length=100)),
                ('reason', models.CharField(blank=True, max_length=16)),
                ('ways', models.JSONField(blank=True, default=list)),
                ('verified_at', models.DateTimeField(blank=True, null=True)),
                ('code_salt', models.CharField(blank=True, editable=False, max_length=32)),
                ('code_sent_at', models.DateTimeField(blank=True, null=True)),
                ('code_tries', models.PositiveSmallIntegerField(default=0)),
                ('approval_asked_at', models.DateTimeField(blank=True, null=True)),
                ('proof', models.CharField(blank=True, max_length=16)),
                ('proven_at', models.DateTimeField(blank=True, null=True)),
                ('agent', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('approver', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('user', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'help-desk case',
                'verbose_name_plural': 'help-desk cases',
                'permissions': [('help_desk', 'Can sign out the devices of callers')],
            },
        ),
        migrations.CreateModel(
            name='CaseReceipt',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('public_id', models.CharField(default=sessions_ui.models.fields.new_public_id, editable=False, max_length=16)),
                ('nonce', models.CharField(max_length=32)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('lines', models.JSONField(default=list)),
                ('everything', models.BooleanField(default=False)),
                ('lost', models.BooleanField(default=False)),
                ('new_password', models.BooleanField(default=False)),
                ('recovery', models.BooleanField(db_default=False, default=False)),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='receipts', to='sessions_ui.case')),
            ],
            options={
                'verbose_name': 'help-desk receipt',
                'verbose_name_plural': 'help-desk receipts',
            },
        ),
        migrations.CreateModel(
            name='Device',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('public_id', models.CharField(default=sessions_ui.models.fields.new_public_id, editable=False, max_length=16)),
                ('cookie_digest', models.CharField(blank=True, editable=False, max_length=64)),
                ('cookie_issued', models.PositiveIntegerField(db_default=0, default=0, editable=False)),
                ('cookie_seen', models.PositiveIntegerField(db_default=0, default=0, editable=False)),
                ('name', models.CharField(blank=True, max_length=64, verbose_name='name')),
                ('kind', models.CharField(blank=True, default='', max_length=16)),
                ('maker', models.CharField(blank=True, max_length=64)),
                ('model', models.CharField(blank=True, max_length=64)),
                ('browser', models.CharField(blank=True, max_length=64)),
                ('system', models.CharField(blank=True, max_length=64)),
                ('first_seen_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('from_start', models.BooleanField(db_default=False, default=False, editable=False)),
                ('confirmed_at', models.DateTimeField(blank=True, null=True)),
                ('lost_at', models.DateTimeField(blank=True, null=True)),
                ('cookie_set_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('copied_at', models.DateTimeField(blank=True, null=True)),
                ('not_me_at', models.DateTimeField(blank=True, null=True)),
                ('user', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='devices', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'device',
                'verbose_name_plural': 'devices',
            },
        ),
        migrations.CreateModel(
            name='Ending',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('reason', models.CharField(max_length=32)),
                ('ticket', models.CharField(blank=True, max_length=100)),
                ('note', models.TextField(blank=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('happened_at', models.DateTimeField(blank=True, null=True)),
                ('total', models.PositiveIntegerField(default=0)),
                ('done_at', models.DateTimeField(blank=True, null=True)),
                ('stopped_at', models.DateTimeField(blank=True, null=True)),
                ('rule', models.CharField(blank=True, db_default='', default='', max_length=16)),
                ('generation', models.PositiveBigIntegerField(blank=True, null=True)),
                ('before_at', models.DateTimeField(blank=True, null=True)),
                ('position', models.CharField(blank=True, db_default='', default='', max_length=255)),
                ('is_laid_out', models.BooleanField(db_default=True, default=True)),
                ('actor', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'large sign-out',
                'verbose_name_plural': 'large sign-outs',
            },
        ),
        migrations.CreateModel(
            name='Act',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('happened_at', models.DateTimeField(blank=True, null=True)),
                ('reason', models.CharField(max_length=32)),
                ('ticket', models.CharField(blank=True, max_length=100)),
                ('note', models.TextField(blank=True)),
                ('count', models.PositiveIntegerField(default=0)),
                ('actor', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('ending', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='acts', to='sessions_ui.ending')),
            ],
            options={
                'verbose_name': 'act',
                'verbose_name_plural': 'acts',
            },
        ),
        migrations.CreateModel(
            name='EndingBatch',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('keys', models.JSONField()),
                ('bridge', models.CharField(blank=True, db_default='', default='', max_length=32)),
                ('size', models.PositiveIntegerField()),
                ('leased_until', models.DateTimeField(blank=True, null=True)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('ended', models.PositiveIntegerField(default=0)),
                ('done_at', models.DateTimeField(blank=True, null=True)),
                ('failed_at', models.DateTimeField(blank=True, null=True)),
                ('error', models.CharField(blank=True, max_length=255)),
                ('ending', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='batches', to='sessions_ui.ending')),
            ],
            options={
                'verbose_name': 'batch of a large sign-out',
                'verbose_name_plural': 'batches of large sign-outs',
            },
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
        migrations.CreateModel(
            name='EventDetail',
            fields=[
                ('event', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='detail', serialize=False, to='sessions_ui.event')),
                ('address', models.GenericIPAddressField(blank=True, null=True)),
                ('user_agent', models.CharField(blank=True, max_length=512)),
                ('text', models.TextField(blank=True)),
                ('salt', models.BinaryField(default=sessions_ui.models.event.new_salt, max_length=16, null=True)),
            ],
            options={
                'verbose_name': 'event detail',
                'verbose_name_plural': 'event details',
            },
        ),
        migrations.AddField(
            model_name='event',
            name='act',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='sessions_ui.act'),
        ),
        migrations.AddField(
            model_name='event',
            name='actor',
            field=models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='event',
            name='device',
            field=models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='sessions_ui.device'),
        ),
        migrations.AddField(
            model_name='event',
            name='user',
            field=models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.CreateModel(
            name='Delivery',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('channel', models.CharField(max_length=16)),
                ('receiver', models.CharField(max_length=320)),
                ('sealed', models.TextField(blank=True, editable=False, null=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('due_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('leased_until', models.DateTimeField(blank=True, null=True)),
                ('held_at', models.DateTimeField(blank=True, null=True)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('done_at', models.DateTimeField(blank=True, null=True)),
                ('parked_at', models.DateTimeField(blank=True, null=True)),
                ('error', models.CharField(blank=True, max_length=255)),
                ('told_only', models.BooleanField(db_default=False, default=False)),
                ('link_used_at', models.DateTimeField(blank=True, null=True)),
                ('act', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='sessions_ui.act')),
                ('checkpoint', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='sessions_ui.checkpoint')),
                ('user', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('endpoint', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='sessions_ui.endpoint')),
                ('event', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='deliveries', to='sessions_ui.event')),
            ],
            options={
                'verbose_name': 'delivery',
                'verbose_name_plural': 'deliveries',
            },
        ),
        migrations.CreateModel(
            name='Incident',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('criteria', models.JSONField(default=dict)),
                ('rule', models.CharField(blank=True, max_length=16)),
                ('generation', models.PositiveBigIntegerField(blank=True, null=True)),
                ('ticket', models.CharField(blank=True, max_length=100, verbose_name='ticket')),
                ('note', models.TextField(blank=True, verbose_name='reason')),
                ('happened_at', models.DateTimeField(blank=True, null=True, verbose_name='happened')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='asked for')),
                ('ordered_at', models.DateTimeField(blank=True, null=True, verbose_name='in force since')),
                ('declined_at', models.DateTimeField(blank=True, null=True)),
                ('kept', models.JSONField(default=list)),
                ('sessions', models.PositiveIntegerField(default=0, verbose_name='sign-ins')),
                ('people', models.PositiveIntegerField(default=0, verbose_name='people')),
                ('actor', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('approved_by', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('declined_by', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('ending', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='incident', to='sessions_ui.ending')),
            ],
            options={
                'verbose_name': 'incident',
                'verbose_name_plural': 'incidents',
                'permissions': [('order_incident', 'Can sign out many people at once (incident)')],
            },
        ),
        migrations.CreateModel(
            name='Offboarding',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('ends_at', models.DateTimeField(verbose_name='ends')),
                ('happened_at', models.DateTimeField(blank=True, null=True, verbose_name='left')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('ticket', models.CharField(blank=True, max_length=100, verbose_name='ticket')),
                ('note', models.TextField(blank=True, verbose_name='note')),
                ('cancelled_at', models.DateTimeField(blank=True, null=True)),
                ('actor', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('cancelled_by', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('user', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'offboarding',
                'verbose_name_plural': 'offboardings',
            },
        ),
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
                'indexes': [models.Index(fields=['sid'], name='sessions_ui_sign_out_sid'), models.Index(fields=['sub'], name='sessions_ui_sign_out_sub')],
                'constraints': [models.UniqueConstraint(fields=('token_digest',), name='sessions_ui_provider_sign_out_once')],
            },
        ),
        migrations.CreateModel(
            name='Seal',
            fields=[
                ('position', models.BigIntegerField(primary_key=True, serialize=False)),
                ('commitment', models.BinaryField(max_length=32, null=True)),
                ('leaf', models.BinaryField(max_length=32)),
                ('event', models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='seal', to='sessions_ui.event')),
            ],
            options={
                'verbose_name': 'seal',
                'verbose_name_plural': 'seals',
            },
        ),
        migrations.CreateModel(
            name='Session',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('public_id', models.CharField(default=sessions_ui.models.fields.new_public_id, editable=False, max_length=16)),
                ('digest', models.CharField(editable=False, max_length=64)),
                ('previous_digest', models.CharField(blank=True, editable=False, max_length=64, null=True)),
                ('rotated_at', models.DateTimeField(blank=True, null=True)),
                ('kind', models.CharField(default='browser', max_length=16)),
                ('backend', models.CharField(blank=True, editable=False, max_length=255)),
                ('auth_hash', models.CharField(blank=True, editable=False, max_length=128)),
                ('next_auth_hash', models.CharField(blank=True, db_default='', default='', editable=False, max_length=128)),
                ('payload', models.TextField(blank=True, editable=False)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('signed_in_at', models.DateTimeField(blank=True, null=True)),
                ('last_seen_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('expires_at', models.DateTimeField()),
                ('latest_end_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('access_flags', models.CharField(blank=True, editable=False, max_length=64)),
                ('generation', models.PositiveBigIntegerField(db_default=0, default=0, editable=False)),
                ('method', models.CharField(blank=True, max_length=32)),
                ('authentication', models.JSONField(blank=True, editable=False, null=True)),
                ('provider', models.CharField(blank=True, max_length=64)),
                ('iss', models.CharField(blank=True, max_length=255)),
                ('sub', models.CharField(blank=True, max_length=255)),
                ('sid', models.CharField(blank=True, max_length=255)),
                ('organization_id', models.CharField(blank=True, max_length=255, null=True)),
                ('impersonation_reason', models.CharField(blank=True, max_length=255)),
                ('first_address', models.GenericIPAddressField(blank=True, null=True)),
                ('address', models.GenericIPAddressField(blank=True, null=True)),
                ('first_user_agent', models.CharField(blank=True, max_length=512)),
                ('user_agent', models.CharField(blank=True, max_length=512)),
                ('first_place', models.JSONField(blank=True, null=True)),
                ('place', models.JSONField(blank=True, null=True)),
                ('first_country', models.CharField(blank=True, editable=False, max_length=2)),
                ('browser_version', models.CharField(blank=True, max_length=32)),
                ('system_version', models.CharField(blank=True, max_length=32)),
                ('verdict', models.CharField(blank=True, db_default='', default='', max_length=16)),
                ('verdict_reasons', models.JSONField(blank=True, null=True)),
                ('reviewed_at', models.DateTimeField(blank=True, null=True)),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('end_reason', models.CharField(blank=True, max_length=32)),
                ('refused_at', models.DateTimeField(blank=True, null=True)),
                ('tabs_told_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('untrusted_since', models.DateTimeField(blank=True, editable=False, null=True)),
                ('act', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='sessions', to='sessions_ui.act')),
                ('device', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='sessions', to='sessions_ui.device')),
                ('ended_by', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('impersonated_from', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='impersonations', to='sessions_ui.session')),
                ('impersonator', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('untrusted_act', models.ForeignKey(blank=True, db_constraint=False, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='untrusted_sessions', to='sessions_ui.act')),
                ('user', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='sessions', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'session',
                'verbose_name_plural': 'sessions',
                'permissions': [('impersonate', 'Can use the account of somebody else (impersonate)')],
            },
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
                ('user', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('session', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='sessions_ui.session')),
            ],
            options={
                'verbose_name': 'recovery',
                'verbose_name_plural': 'recoveries',
            },
        ),
        migrations.AddField(
            model_name='event',
            name='session',
            field=models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='sessions_ui.session'),
        ),
        migrations.CreateModel(
            name='AccessReviewItem',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('kind', models.CharField(max_length=16)),
                ('package', models.CharField(blank=True, db_default='', default='', max_length=32)),
                ('credential', models.CharField(blank=True, db_default='', default='', max_length=255)),
                ('credential_kind', models.CharField(blank=True, db_default='', default='', max_length=16)),
                ('label', models.CharField(blank=True, db_default='', default='', max_length=255)),
                ('scopes', models.CharField(blank=True, db_default='', default='', max_length=1000)),
                ('expires_at', models.DateTimeField(blank=True, null=True)),
                ('sign_ins', models.PositiveIntegerField(default=1)),
                ('last_seen_at', models.DateTimeField(blank=True, null=True)),
                ('decision', models.CharField(blank=True, db_default='', default='', max_length=16)),
                ('decided_at', models.DateTimeField(blank=True, null=True)),
                ('decided_by', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('review', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='items', to='sessions_ui.accessreview')),
                ('user', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('act', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='sessions_ui.act')),
                ('device', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='sessions_ui.device')),
                ('session', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='sessions_ui.session')),
            ],
            options={
                'verbose_name': 'line of an access review',
                'verbose_name_plural': 'lines of access reviews',
            },
        ),
        migrations.CreateModel(
            name='VerificationCode',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('purpose', models.CharField(max_length=16)),
                ('nonce', models.CharField(editable=False, max_length=32)),
                ('asked_by', models.CharField(blank=True, editable=False, max_length=64)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('expires_at', models.DateTimeField()),
                ('tries', models.PositiveSmallIntegerField(default=0)),
                ('given_at', models.DateTimeField(blank=True, null=True)),
                ('session', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='sessions_ui.session')),
                ('user', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'proof',
                'verbose_name_plural': 'proofs',
            },
        ),
        migrations.AddConstraint(
            model_name='accessreview',
            constraint=models.UniqueConstraint(fields=('public_id',), name='sessions_ui_review_public_id'),
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(fields=['agent', 'opened_at'], name='sessions_ui_case_agent'),
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(condition=models.Q(('approval_asked_at__isnull', False), ('proven_at__isnull', True)), fields=['approval_asked_at'], name='sessions_ui_case_approval'),
        ),
        migrations.AddConstraint(
            model_name='case',
            constraint=models.UniqueConstraint(fields=('public_id',), name='sessions_ui_case_public_id'),
        ),
        migrations.AddConstraint(
            model_name='casereceipt',
            constraint=models.UniqueConstraint(fields=('public_id',), name='sessions_ui_casereceipt_public_id'),
        ),
        migrations.AddConstraint(
            model_name='casereceipt',
            constraint=models.UniqueConstraint(fields=('case', 'nonce'), name='sessions_ui_casereceipt_once'),
        ),
        migrations.AddIndex(
            model_name='device',
            index=models.Index(fields=['user', 'cookie_digest'], name='sessions_ui_device_cookie'),
        ),
        migrations.AddIndex(
            model_name='device',
            index=models.Index(fields=['kind', 'id'], name='sessions_ui_device_kind'),
        ),
        migrations.AddConstraint(
            model_name='device',
            constraint=models.UniqueConstraint(fields=('public_id',), name='sessions_ui_device_public_id'),
        ),
        migrations.AddIndex(
            model_name='act',
            index=models.Index(fields=['at'], name='sessions_ui_act_at'),
        ),
        migrations.AddIndex(
            model_name='act',
            index=models.Index(fields=['reason', 'at'], name='sessions_ui_act_reason'),
        ),
        migrations.AddIndex(
            model_name='act',
            index=models.Index(condition=models.Q(('actor__isnull', False)), fields=['actor', 'at'], name='sessions_ui_act_actor'),
        ),
        migrations.AddIndex(
            model_name='endingbatch',
            index=models.Index(condition=models.Q(('done_at__isnull', True), ('failed_at__isnull', True)), fields=['id'], name='sessions_ui_batch_open'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(fields=['user', 'id'], name='sessions_ui_delivery_user'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('endpoint__isnull', False)), fields=['endpoint', 'id'], name='sessions_ui_delivery_endpoint'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(django.db.models.functions.text.Upper('receiver'), condition=models.Q(('endpoint__isnull', True)), name='sessions_ui_delivery_receiver'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('parked_at__isnull', False)), fields=['id'], name='sessions_ui_delivery_parked'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('done_at__isnull', True), ('parked_at__isnull', True)), fields=['due_at'], name='sessions_ui_delivery_open'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.UniqueConstraint(fields=('act', 'user', 'channel', 'receiver'), name='sessions_ui_delivery_act_once'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.UniqueConstraint(fields=('event', 'channel', 'receiver'), name='sessions_ui_delivery_event_once'),
        ),
        migrations.AddConstraint(
            model_name='incident',
            constraint=models.UniqueConstraint(fields=('generation',), name='sessions_ui_incident_generation'),
        ),
        migrations.AddIndex(
            model_name='session',
            index=models.Index(fields=['user', 'id'], name='sessions_ui_session_user'),
        ),
        migrations.AddIndex(
            model_name='session',
            index=models.Index(fields=['previous_digest'], name='sessions_ui_session_previous'),
        ),
        migrations.AddIndex(
            model_name='session',
            index=models.Index(fields=['signed_in_at'], name='sessions_ui_session_signed_in'),
        ),
        migrations.AddIndex(
            model_name='session',
            index=models.Index(fields=['first_address'], name='sessions_ui_session_address'),
        ),
        migrations.AddIndex(
            model_name='session',
            index=models.Index(condition=models.Q(('address__isnull', False), models.Q(('first_address__isnull', True), models.Q(('address', models.F('first_address')), _negated=True), _connector='OR')), fields=['address'], name='sessions_ui_session_moved'),
        ),
        migrations.AddIndex(
            model_name='session',
            index=models.Index(fields=['first_country', 'signed_in_at'], name='sessions_ui_session_country'),
        ),
        migrations.AddIndex(
            model_name='session',
            index=models.Index(condition=models.Q(('kind', 'browser'), _negated=True), fields=['kind', 'signed_in_at'], name='sessions_ui_session_apps'),
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
            model_name='session',
            index=models.Index(condition=models.Q(('impersonated_from__isnull', False)), fields=['impersonated_from'], name='sessions_ui_session_from'),
        ),
        migrations.AddIndex(
            model_name='session',
            index=models.Index(condition=models.Q(('untrusted_act__isnull', False)), fields=['untrusted_act'], name='sessions_ui_session_untrusted'),
        ),
        migrations.AddConstraint(
            model_name='session',
            constraint=models.UniqueConstraint(fields=('digest',), name='sessions_ui_session_digest'),
        ),
        migrations.AddConstraint(
            model_name='session',
            constraint=models.UniqueConstraint(fields=('public_id',), name='sessions_ui_session_public_id'),
        ),
        migrations.AddIndex(
            model_name='recovery',
            index=models.Index(fields=['user', 'id'], name='sessions_ui_recovery_user'),
        ),
        migrations.AddIndex(
            model_name='recovery',
            index=models.Index(condition=models.Q(('closed_at__isnull', True)), fields=['expires_at'], name='sessions_ui_recovery_open'),
        ),
        migrations.AddConstraint(
            model_name='recovery',
            constraint=models.UniqueConstraint(fields=('public_id',), name='sessions_ui_recovery_public_id'),
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(fields=['user', 'id'], name='sessions_ui_event_user'),
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(condition=models.Q(('reason', ''), _negated=True), fields=['reason', 'id'], name='sessions_ui_event_reason'),
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(condition=models.Q(('kind__in', ('signed_in', 'ended', 'delivered')), _negated=True), fields=['kind', 'id'], name='sessions_ui_event_kind'),
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(condition=models.Q(('kind__in', ('signed_in', 'ended', 'delivered')), _negated=True), fields=['session'], name='sessions_ui_event_session'),
        ),
        migrations.AddIndex(
            model_name='accessreviewitem',
            index=models.Index(fields=['review', 'decision', 'id'], name='sessions_ui_review_items'),
        ),
        migrations.AddIndex(
            model_name='accessreviewitem',
            index=models.Index(fields=['user'], name='sessions_ui_review_item_user'),
        ),
        migrations.AddIndex(
            model_name='verificationcode',
            index=models.Index(fields=['user', 'id'], name='sessions_ui_code_user'),
        ),
        migrations.CreateModel(
            name='AccessToken',
            fields=[
                ('session', models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, primary_key=True, related_name='token', serialize=False, to='sessions_ui.session')),
                ('name', models.CharField(max_length=100, verbose_name='name')),
                ('scopes', models.TextField(blank=True, verbose_name='scopes')),
                ('hint', models.CharField(editable=False, max_length=8)),
                ('agent', models.CharField(blank=True, max_length=100, verbose_name='agent')),
                ('overlap_ends_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('former_used_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('warned_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('made_by', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('made_in', models.ForeignKey(blank=True, db_constraint=False, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='sessions_ui.session')),
            ],
            options={
                'verbose_name': 'access token',
                'verbose_name_plural': 'access tokens',
                'permissions': [('manage_tokens', 'Can see and end all access tokens, and manage service accounts')],
            },
        ),
        migrations.CreateModel(
            name='PackageCredential',
            fields=[
            ],
            options={
                'verbose_name': 'app or key of another package',
                'verbose_name_plural': 'apps and keys of other packages',
                'proxy': True,
                'default_permissions': (),
                'indexes': [],
                'constraints': [],
            },
            bases=('sessions_ui.accesstoken',),
        ),
        migrations.CreateModel(
            name='ServiceAccount',
            fields=[
                ('user', models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, primary_key=True, related_name='+', serialize=False, to=settings.AUTH_USER_MODEL)),
                ('purpose', models.CharField(blank=True, max_length=255, verbose_name='purpose')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('orphaned_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('created_by', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('owner', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'service account',
                'verbose_name_plural': 'service accounts',
            },
        ),
        migrations.RunPython(leave_room, migrations.RunPython.noop),
    ]

"""Releases and decisions, with what the database itself holds: one live release of a kind, none past its gate."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Release",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=32)),
                ("key", models.CharField(max_length=24)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("building", "Building"),
                            ("refused_by_audit", "refused by the audit"),
                            ("built", "Built"),
                            ("evaluated", "Evaluated"),
                            ("passed", "Passed"),
                            ("refused", "Refused"),
                            ("live", "Live"),
                            ("retired", "Retired"),
                            ("failed", "Failed"),
                        ],
                        default="building",
                        max_length=16,
                    ),
                ),
                (
                    "manifest",
                    models.JSONField(
                        default=dict, help_text="What it was built from, and each file with size and SHA-256."
                    ),
                ),
                ("sha256", models.CharField(default="", max_length=64)),
                ("findings", models.JSONField(default=list, help_text="What the audit of the data found.")),
                ("report", models.JSONField(default=dict)),
                ("gate_results", models.JSONField(default=list, help_text="Each rule of the gate with its result.")),
                ("gate_passed", models.BooleanField(null=True)),
                (
                    "gate_headline",
                    models.CharField(default="", help_text="The answer of the gate in one sentence.", max_length=300),
                ),
                ("gate_reason", models.TextField(default="", help_text="What the answer rests on.")),
                ("error", models.TextField(default="")),
                ("created_by", models.CharField(max_length=150)),
                ("why", models.TextField(default="")),
                ("job_id", models.BigIntegerField(null=True)),
                (
                    "lease_until",
                    models.DateTimeField(help_text="Its builder is taken for dead after this instant.", null=True),
                ),
                ("created_at", models.DateTimeField()),
                ("built_at", models.DateTimeField(null=True)),
                ("audited_at", models.DateTimeField(null=True)),
                ("evaluated_at", models.DateTimeField(null=True)),
                ("gated_at", models.DateTimeField(null=True)),
                ("promoted_at", models.DateTimeField(help_text="When it last became live.", null=True)),
                ("retired_at", models.DateTimeField(help_text="When it last ceased to be live.", null=True)),
                ("failed_at", models.DateTimeField(null=True)),
                ("artifact_removed_at", models.DateTimeField(null=True)),
                (
                    "champion",
                    models.ForeignKey(
                        help_text="The live release it was compared with.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="releases.release",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Decision",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "action",
                    models.CharField(choices=[("promote", "Promote"), ("roll_back", "roll back")], max_length=16),
                ),
                ("decided_by", models.CharField(max_length=150)),
                ("why", models.TextField(default="")),
                ("at", models.DateTimeField()),
                (
                    "release",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="decisions", to="releases.release"
                    ),
                ),
                (
                    "replaced",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="releases.release"
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="release",
            index=models.Index(fields=["kind", "-id"], name="releases_newest_first"),
        ),
        migrations.AddConstraint(
            model_name="release",
            constraint=models.UniqueConstraint(fields=("kind", "key"), name="releases_unique_key"),
        ),
        migrations.AddConstraint(
            model_name="release",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "live")), fields=("kind",), name="releases_one_live_of_a_kind"
            ),
        ),
        migrations.AddConstraint(
            model_name="release",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["passed", "live", "retired"]), _negated=True),
                    models.Q(("gate_passed", True), ("gate_passed__isnull", False)),
                    _connector="OR",
                ),
                name="releases_served_only_through_the_gate",
            ),
        ),
        migrations.AddConstraint(
            model_name="release",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("state__in", ["built", "evaluated", "passed", "refused", "live", "retired"]), _negated=True
                    ),
                    models.Q(("sha256", ""), _negated=True),
                    _connector="OR",
                ),
                name="releases_built_has_a_hash",
            ),
        ),
        migrations.AddIndex(
            model_name="decision",
            index=models.Index(fields=["release", "-id"], name="releases_decisions_newest"),
        ),
    ]

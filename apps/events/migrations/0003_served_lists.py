import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("events", "0002_ids_of_each_sender"),
        ("readers", "0002_admin_log_without_pseudonyms"),
    ]

    operations = [
        migrations.CreateModel(
            name="ServedList",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("surface", models.CharField(max_length=32)),
                ("age_band", models.PositiveSmallIntegerField()),
                ("items", models.JSONField()),
                ("first_position", models.PositiveIntegerField(db_default=1)),
                ("release", models.CharField(db_default="", max_length=64)),
                ("arms", models.JSONField(default=dict)),
                ("propensities", models.JSONField(null=True)),
                ("fallback", models.CharField(db_default="", max_length=64)),
                ("served_at", models.DateTimeField()),
                ("sender", models.CharField(db_default="", max_length=40)),
                ("sent_id", models.CharField(db_default="", max_length=64)),
                (
                    "reader",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="readers.reader",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("reader__isnull", False)),
                        fields=["reader", "id"],
                        name="served_list_of_reader",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("sent_id", ""), _negated=True),
                        fields=("sent_id", "sender"),
                        name="served_list_sent_id_unique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("first_position__gte", 1)), name="served_list_position_from_1"
                    ),
                    models.CheckConstraint(condition=models.Q(("age_band__lte", 5)), name="served_list_age_band_known"),
                ],
            },
        ),
    ]

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("catalog", "0001_books"),
        ("readers", "0001_readers"),
    ]

    operations = [
        migrations.CreateModel(
            name="Event",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("event_id", models.CharField(max_length=64)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("shown", "Shown"),
                            ("opened", "Opened"),
                            ("started", "Started"),
                            ("finished", "Finished"),
                            ("rated", "Rated"),
                            ("liked", "Liked"),
                            ("hidden", "Hidden"),
                        ],
                        max_length=8,
                    ),
                ),
                ("value", models.FloatField(null=True)),
                ("surface", models.CharField(max_length=32)),
                ("list_id", models.CharField(max_length=64)),
                ("occurred_at", models.DateTimeField()),
                ("received_at", models.DateTimeField()),
                (
                    "book",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.book"
                    ),
                ),
                (
                    "reader",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="readers.reader"
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("kind__in", ("started", "finished", "rated", "liked", "hidden"))),
                        fields=["reader", "occurred_at", "id"],
                        name="event_facts",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("event_id",), name="event_id_unique"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "rated"), ("value__isnull", False), ("value__range", (1, 5))),
                            models.Q(models.Q(("kind", "rated"), _negated=True), ("value", None)),
                            _connector="OR",
                        ),
                        name="event_rating_1_to_5",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind__in", ["shown", "opened", "started", "finished", "rated", "liked", "hidden"])
                        ),
                        name="event_kind_known",
                    ),
                ],
            },
        ),
    ]

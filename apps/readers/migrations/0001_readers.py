import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="ErasureLog",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reader_hash", models.CharField(max_length=64)),
                ("erased_by", models.CharField(max_length=200)),
                ("erased_at", models.DateTimeField()),
                ("counts", models.JSONField()),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Reader",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "key",
                    models.CharField(
                        help_text="The pseudonym your library uses. Never a name or an e-mail address.",
                        max_length=64,
                        unique=True,
                        validators=[django.core.validators.RegexValidator("\\A[A-Za-z0-9_-]{1,64}\\Z")],
                    ),
                ),
                (
                    "age_band",
                    models.PositiveSmallIntegerField(
                        choices=[
                            (0, "0 to 5"),
                            (1, "6 to 8"),
                            (2, "9 to 11"),
                            (3, "12 to 14"),
                            (4, "15 to 17"),
                            (5, "adult"),
                        ]
                    ),
                ),
                ("level_min", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("level_max", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("languages", models.JSONField(blank=True, default=list)),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["id"],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("age_band__lte", 5)), name="reader_age_band_known"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("level_max", None), ("level_min", None)),
                            models.Q(
                                ("level_max__isnull", False),
                                ("level_max__lte", 12),
                                ("level_min__gte", 1),
                                ("level_min__isnull", False),
                                ("level_min__lte", models.F("level_max")),
                            ),
                            _connector="OR",
                        ),
                        name="reader_levels_in_order",
                    ),
                ],
            },
        ),
    ]

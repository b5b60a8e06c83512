from typing import Any

from django.db import migrations, models

BANDS = [(0, "0 to 5"), (1, "6 to 8"), (2, "9 to 11"), (3, "12 to 14"), (4, "15 to 17"), (5, "adult")]
YOUNGEST = 0


def give_public_keys_the_youngest(apps: Any, schema_editor: Any) -> None:
    """Nobody said how far they may reach, and everybody can read them."""
    keys = apps.get_model("platform", "ApiKey").objects.using(schema_editor.connection.alias)
    keys.filter(public=True).update(highest_band=YOUNGEST)


class Migration(migrations.Migration):
    dependencies = [
        ("platform", "0002_throttle_counts"),
    ]

    operations = [
        migrations.AddField(
            model_name="apikey",
            name="highest_band",
            field=models.PositiveSmallIntegerField(
                blank=True,
                choices=BANDS,
                help_text="No answer is above it, whoever is named. A public key has one; a server key may.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="apikey",
            name="unproven_band",
            field=models.PositiveSmallIntegerField(
                blank=True,
                choices=BANDS,
                help_text="Of a public key: what is not above it is shown without a reader's token. "
                "Empty: the highest band.",
                null=True,
            ),
        ),
        migrations.RunPython(give_public_keys_the_youngest, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="apikey",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("highest_band", None), ("public", False)),
                    models.Q(("highest_band__isnull", False), ("highest_band__lte", 5)),
                    _connector="OR",
                ),
                name="api_key_public_has_band",
            ),
        ),
        migrations.AddConstraint(
            model_name="apikey",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("unproven_band", None),
                    models.Q(
                        ("highest_band__isnull", False),
                        ("public", True),
                        ("unproven_band__isnull", False),
                        ("unproven_band__lte", models.F("highest_band")),
                    ),
                    _connector="OR",
                ),
                name="api_key_unproven_band_not_higher",
            ),
        ),
    ]

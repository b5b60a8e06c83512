from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("releases", "0003_damage_of_sealed_files"),
    ]

    operations = [
        migrations.AddField(
            model_name="release",
            name="build_steps",
            field=models.JSONField(
                default=list, help_text="Each finished step: SHA-256 of its result and of its inputs, when, how long."
            ),
        ),
        migrations.AddField(
            model_name="release",
            name="request",
            field=models.JSONField(
                default=dict, help_text="What it was asked for: options, promotion, refusals accepted."
            ),
        ),
    ]

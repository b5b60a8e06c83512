from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("platform", "0003_highest_bands"),
    ]

    operations = [
        migrations.AddField(
            model_name="apikey",
            name="events_per_minute",
            field=models.PositiveIntegerField(blank=True, help_text="Empty: the limit of its kind.", null=True),
        ),
    ]

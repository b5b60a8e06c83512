from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("releases", "0002_accepted_refusals"),
    ]

    operations = [
        migrations.AddField(
            model_name="release",
            name="damage",
            field=models.TextField(
                db_default="", default="", help_text="What the last look at its sealed files found wrong."
            ),
        ),
    ]

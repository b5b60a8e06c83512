from django.db import migrations, models


class Migration(migrations.Migration):
    """The state's name for people is the field's word; no row changes."""

    dependencies = [("jobs", "0006_attempts_outlive_their_jobs")]

    operations = [
        migrations.AlterField(
            model_name="job",
            name="state",
            field=models.CharField(
                choices=[
                    ("queued", "Waiting"),
                    ("leased", "Running"),
                    ("done", "Done"),
                    ("dead", "Dead"),
                    ("cancelled", "Cancelled"),
                ],
                db_default="queued",
                default="queued",
                max_length=10,
            ),
        ),
    ]

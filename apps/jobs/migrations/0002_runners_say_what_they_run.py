from django.db import migrations, models


class Migration(migrations.Migration):
    """Which jobs a runner takes and what keeps it from its work; Celery's workers are runners too."""

    dependencies = [("jobs", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="runner",
            name="lanes",
            field=models.CharField(
                db_default="", default="", help_text="Which jobs it runs: quick,long.", max_length=40
            ),
        ),
        migrations.AddField(
            model_name="runner",
            name="problem",
            field=models.CharField(db_default="", default="", help_text="Empty: it can do its work.", max_length=200),
        ),
        migrations.AlterField(
            model_name="runner",
            name="kind",
            field=models.CharField(
                choices=[("runner", "Runner"), ("relay", "Relay"), ("celery", "Celery worker")], max_length=10
            ),
        ),
    ]

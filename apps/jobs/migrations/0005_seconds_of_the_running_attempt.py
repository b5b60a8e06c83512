from django.db import migrations, models


class Migration(migrations.Migration):
    """A job says when its last attempt began, how long it worked, and how much of that its checkpoint saves."""

    dependencies = [("jobs", "0004_purges")]

    operations = [
        migrations.AddField(
            model_name="job",
            name="leased_at",
            field=models.DateTimeField(blank=True, help_text="When the last attempt began.", null=True),
        ),
        migrations.AddField(
            model_name="job", name="worked_seconds", field=models.FloatField(db_default=0.0, default=0.0)
        ),
        migrations.AddField(
            model_name="job", name="saved_seconds", field=models.FloatField(db_default=0.0, default=0.0)
        ),
    ]

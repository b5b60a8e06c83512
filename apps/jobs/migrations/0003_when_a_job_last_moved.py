from django.db import migrations, models


class Migration(migrations.Migration):
    """A job whose lease is renewed but that gets no further is told from one that works."""

    dependencies = [("jobs", "0002_runners_say_what_they_run")]

    operations = [
        migrations.AddField(model_name="job", name="progress_at", field=models.DateTimeField(blank=True, null=True)),
    ]

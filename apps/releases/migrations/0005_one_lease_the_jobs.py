from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("releases", "0004_steps_of_a_build_are_kept"),
    ]

    operations = [
        migrations.RemoveField(
            model_name="release",
            name="lease_until",
        ),
        migrations.AlterField(
            model_name="release",
            name="job_id",
            field=models.BigIntegerField(help_text="The job that makes it: its lease is the builder's.", null=True),
        ),
    ]

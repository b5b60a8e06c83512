from django.db import migrations, models


class Migration(migrations.Migration):
    """What was erased by rules of retention, and what waits for a person to say yes."""

    dependencies = [
        ("jobs", "0003_when_a_job_last_moved"),
    ]

    operations = [
        migrations.CreateModel(
            name="Purge",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=50)),
                ("state", models.CharField(choices=[("done", "Done"), ("held", "Waits for a person")], max_length=4)),
                ("before", models.DateTimeField(help_text="Older rows go.")),
                ("rows", models.PositiveBigIntegerField(help_text="How many went, or would go.")),
                ("total", models.PositiveBigIntegerField(help_text="How many there were.")),
                ("reason", models.CharField(blank=True, default="", help_text="What is unusual.", max_length=300)),
                ("decided_by", models.CharField(blank=True, default="", max_length=150)),
                ("why", models.TextField(blank=True, default="")),
                ("at", models.DateTimeField()),
            ],
            options={
                "indexes": [models.Index(fields=["name", "-id"], name="jobs_purge_newest")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "held")), fields=("name",), name="jobs_purge_one_held"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["done", "held"])), name="jobs_purge_state_known"
                    ),
                ],
            },
        ),
    ]

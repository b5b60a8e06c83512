from django.db import migrations, models


class Migration(migrations.Migration):
    """What each attempt did and cost stays when its job is purged. Jobs of before have none."""

    dependencies = [("jobs", "0005_seconds_of_the_running_attempt")]

    operations = [
        migrations.CreateModel(
            name="Attempt",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("job_id", models.BigIntegerField()),
                ("name", models.CharField(max_length=100)),
                (
                    "lane",
                    models.CharField(
                        blank=True,
                        choices=[("quick", "Quick jobs"), ("long", "Long jobs")],
                        default="",
                        help_text="Empty: of a job of another version.",
                        max_length=10,
                    ),
                ),
                (
                    "number",
                    models.PositiveSmallIntegerField(help_text="Counted from when the job was queued or retried."),
                ),
                ("owner", models.CharField(max_length=100)),
                ("host", models.CharField(blank=True, default="", max_length=50)),
                ("started_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField()),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("done", "Done"),
                            ("failed", "Failed, tried again"),
                            ("dead", "Failed for the last time"),
                            ("released", "Given back"),
                            ("lost", "Lost with its runner"),
                            ("cancelled", "Cancelled"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "fingerprint",
                    models.CharField(
                        blank=True,
                        default="",
                        help_text="Type and place of the error: the same for the same fault.",
                        max_length=200,
                    ),
                ),
                ("error", models.CharField(blank=True, default="", max_length=500)),
                ("work_seconds", models.FloatField()),
                (
                    "lost_seconds",
                    models.FloatField(
                        help_text="Work since the last checkpoint, or the start, that a stop threw away."
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["job_id"], name="jobs_attempt_job"),
                    models.Index(fields=["ended_at"], name="jobs_attempt_ended"),
                    models.Index(
                        condition=models.Q(("fingerprint", ""), _negated=True),
                        fields=["fingerprint", "ended_at"],
                        name="jobs_attempt_fingerprint",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("outcome__in", ["done", "failed", "dead", "released", "lost", "cancelled"])
                        ),
                        name="jobs_attempt_outcome_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("lost_seconds__gte", 0), ("work_seconds__gte", models.F("lost_seconds"))),
                        name="jobs_attempt_seconds_add_up",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("ended_at__gte", models.F("started_at"))),
                        name="jobs_attempt_ends_after_start",
                    ),
                ],
            },
        ),
    ]

"""The ledger of background work: a row per piece of work, per attempt, per firing of a schedule and per runner."""

from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now


class Lane(models.TextChoices):
    """Which jobs a runner takes: short ones must not wait behind a training of minutes."""

    QUICK = "quick", "Quick jobs"
    LONG = "long", "Long jobs"


# A key is held by at most one waiting and one running job of a name; jobs without a key are never compared.
KEYED = ~Q(key="")


class JobQuerySet(models.QuerySet["Job"]):
    """Reads that several services share."""

    def due(self, now: datetime) -> "JobQuerySet":
        """Return the waiting jobs whose time has come."""
        return self.filter(state=Job.State.QUEUED, run_at__lte=now)

    def held(self, *, job_id: int, owner: str, attempt: int) -> "JobQuerySet":
        """Return the job while this attempt of this runner holds its lease: the fence around each write of a runner."""
        return self.filter(pk=job_id, state=Job.State.LEASED, lease_owner=owner, attempt=attempt)


class Job(models.Model):
    """One piece of work for later, written in the transaction of the change that asks for it."""

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting"
        LEASED = "leased", "Running"
        DONE = "done", "Done"
        DEAD = "dead", "Dead"
        CANCELLED = "cancelled", "Cancelled"

    id: "models.BigAutoField[int, int]" = models.BigAutoField(primary_key=True)
    name = models.CharField(max_length=100)
    arguments = models.JSONField(default=dict)
    key = models.CharField(max_length=200, blank=True, default="", db_default="")
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED, db_default=State.QUEUED)
    attempt = models.PositiveSmallIntegerField(default=0, db_default=0)
    run_at = models.DateTimeField()
    relayed_at = models.DateTimeField(null=True, blank=True)
    lease_owner = models.CharField(max_length=100, blank=True, default="", db_default="")
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    progress_at = models.DateTimeField(null=True, blank=True)
    progress_done = models.PositiveBigIntegerField(default=0, db_default=0)
    progress_total = models.PositiveBigIntegerField(default=0, db_default=0)
    progress_text = models.CharField(max_length=200, blank=True, default="", db_default="")
    checkpoint = models.JSONField(null=True, blank=True)
    leased_at = models.DateTimeField(null=True, blank=True, help_text="When the last attempt began.")
    # Of the last attempt, by the clock of its runner that nobody sets: up to its last heartbeat, and its checkpoint.
    worked_seconds = models.FloatField(default=0.0, db_default=0.0)
    saved_seconds = models.FloatField(default=0.0, db_default=0.0)
    last_error = models.CharField(max_length=500, blank=True, default="", db_default="")
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["name", "key"], condition=Q(state="queued") & KEYED, name="jobs_job_key_waits_once"
            ),
            models.UniqueConstraint(
                fields=["name", "key"], condition=Q(state="leased") & KEYED, name="jobs_job_key_runs_once"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["queued", "leased", "done", "dead", "cancelled"]), name="jobs_job_state_known"
            ),
            models.CheckConstraint(
                condition=~Q(state="leased") | Q(lease_expires_at__isnull=False), name="jobs_job_lease_ends"
            ),
        ]
        # Partial all: a plain index on the state would be preferred by SQLite for the claim, which must read only the
        # first row of jobs_job_due (217 claims/s instead of 1,850 among 20,000 waiting rows).
        indexes = [
            models.Index(fields=["run_at", "id"], condition=Q(state="queued"), name="jobs_job_due"),
            models.Index(fields=["lease_expires_at"], condition=Q(state="leased"), name="jobs_job_leased"),
            models.Index(fields=["finished_at"], condition=Q(finished_at__isnull=False), name="jobs_job_finished"),
            models.Index(fields=["name"], condition=Q(state="dead"), name="jobs_job_dead"),
        ]

    def __str__(self) -> str:
        return f"{self.name} #{self.pk}"


class Attempt(models.Model):
    """One attempt at a job that is over, written in the transaction that ended it; the one that runs is in its job.

    It outlives the job, and names it without a foreign key.
    """

    class Outcome(models.TextChoices):
        DONE = "done", "Done"
        FAILED = "failed", "Failed, tried again"
        DEAD = "dead", "Failed for the last time"
        RELEASED = "released", "Given back"
        LOST = "lost", "Lost with its runner"
        CANCELLED = "cancelled", "Cancelled"

    job_id = models.BigIntegerField()
    name = models.CharField(max_length=100)
    lane = models.CharField(
        max_length=10, choices=Lane.choices, blank=True, default="", help_text="Empty: of a job of another version."
    )
    number = models.PositiveSmallIntegerField(help_text="Counted from when the job was queued or retried.")
    owner = models.CharField(max_length=100)
    host = models.CharField(max_length=50, blank=True, default="")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    fingerprint = models.CharField(
        max_length=200, blank=True, default="", help_text="Type and place of the error: the same for the same fault."
    )
    error = models.CharField(max_length=500, blank=True, default="")
    work_seconds = models.FloatField()
    lost_seconds = models.FloatField(help_text="Work since the last checkpoint, or the start, that a stop threw away.")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome__in=["done", "failed", "dead", "released", "lost", "cancelled"]),
                name="jobs_attempt_outcome_known",
            ),
            models.CheckConstraint(
                condition=Q(lost_seconds__gte=0, work_seconds__gte=F("lost_seconds")),
                name="jobs_attempt_seconds_add_up",
            ),
            models.CheckConstraint(condition=Q(ended_at__gte=F("started_at")), name="jobs_attempt_ends_after_start"),
        ]
        indexes = [
            models.Index(fields=["job_id"], name="jobs_attempt_job"),
            models.Index(fields=["ended_at"], name="jobs_attempt_ended"),
            models.Index(
                fields=["fingerprint", "ended_at"], condition=~Q(fingerprint=""), name="jobs_attempt_fingerprint"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} #{self.job_id}, attempt {self.number}"


class ScheduleSlot(models.Model):
    """One firing of a schedule: the unique row makes it fire once, however many runners look at the clock."""

    schedule = models.CharField(max_length=100)
    slot_at = models.DateTimeField()
    fired_at = models.DateTimeField(db_default=Now())
    job_id = models.BigIntegerField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["schedule", "slot_at"], name="jobs_slot_once")]

    def __str__(self) -> str:
        return f"{self.schedule} {self.slot_at:%Y-%m-%d %H:%M:%S}"


class Runner(models.Model):
    """A process that runs or relays jobs, when it was last seen alive, and what keeps it from its work."""

    class Kind(models.TextChoices):
        RUNNER = "runner", "Runner"
        RELAY = "relay", "Relay"
        CELERY = "celery", "Celery worker"

    owner = models.CharField(max_length=100, unique=True)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    lanes = models.CharField(max_length=40, default="", db_default="", help_text="Which jobs it runs: quick,long.")
    problem = models.CharField(max_length=200, default="", db_default="", help_text="Empty: it can do its work.")
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.owner


class Purge(models.Model):
    """What a rule of retention erased; or would have erased and did not, because that was unusual."""

    class State(models.TextChoices):
        DONE = "done", "Done"
        HELD = "held", "Waits for a person"

    name = models.CharField(max_length=50)
    state = models.CharField(max_length=4, choices=State.choices)
    before = models.DateTimeField(help_text="Older rows go.")
    rows = models.PositiveBigIntegerField(help_text="How many went, or would go.")
    total = models.PositiveBigIntegerField(help_text="How many there were.")
    reason = models.CharField(max_length=300, blank=True, default="", help_text="What is unusual.")
    decided_by = models.CharField(max_length=150, blank=True, default="")
    why = models.TextField(blank=True, default="")
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["name", "-id"], name="jobs_purge_newest")]
        constraints = [
            models.UniqueConstraint(fields=["name"], condition=Q(state="held"), name="jobs_purge_one_held"),
            models.CheckConstraint(condition=Q(state__in=["done", "held"]), name="jobs_purge_state_known"),
        ]

    def __str__(self) -> str:
        return f"{self.name} before {self.before:%Y-%m-%d}"

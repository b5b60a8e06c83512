"""What was built, what was decided about it, and which release of each kind is live."""

from django.db import models
from django.db.models import Q


class ReleaseQuerySet(models.QuerySet["Release"]):
    def of_kind(self, kind: str) -> "ReleaseQuerySet":
        return self.filter(kind=kind)

    def live(self) -> "ReleaseQuerySet":
        return self.filter(state=Release.State.LIVE)

    def building(self) -> "ReleaseQuerySet":
        return self.filter(state__in=Release.UNFINISHED)

    def once_live(self) -> "ReleaseQuerySet":
        """Return the retired ones, the one that was live last first."""
        return self.filter(state=Release.State.RETIRED).order_by("-retired_at", "-id")


class Release(models.Model):
    """One thing that was built to be served: an index generation or a model, from its first step to its last."""

    class State(models.TextChoices):
        BUILDING = "building"
        REFUSED_BY_AUDIT = "refused_by_audit", "refused by the audit"
        BUILT = "built"
        EVALUATED = "evaluated"
        PASSED = "passed"
        REFUSED = "refused"
        LIVE = "live"
        RETIRED = "retired"
        FAILED = "failed"

    # States in which its job is at work on it; without that job they would stay for ever (services/reconciling.py).
    UNFINISHED = (State.BUILDING, State.BUILT, State.EVALUATED)

    kind = models.CharField(max_length=32)
    key = models.CharField(max_length=24)
    state = models.CharField(max_length=16, choices=State.choices, default=State.BUILDING)
    champion = models.ForeignKey(
        "self",
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="The live release it was compared with.",
    )

    manifest = models.JSONField(default=dict, help_text="What it was built from, and each file with size and SHA-256.")
    sha256 = models.CharField(max_length=64, default="")
    findings = models.JSONField(default=list, help_text="What the audit of the data found.")
    report = models.JSONField(default=dict)
    gate_results = models.JSONField(default=list, help_text="Each rule of the gate with its result.")
    gate_passed = models.BooleanField(null=True)
    gate_headline = models.CharField(max_length=300, default="", help_text="The answer of the gate in one sentence.")
    gate_reason = models.TextField(default="", help_text="What the answer rests on.")
    refusals = models.JSONField(default=list, help_text="What speaks against it, and whether a person may accept it.")
    accepted = models.JSONField(default=list, help_text="The refusals that were accepted: name, by whom, when, why.")
    error = models.TextField(default="")
    damage = models.TextField(
        default="", db_default="", help_text="What the last look at its sealed files found wrong."
    )

    created_by = models.CharField(max_length=150)
    why = models.TextField(default="")
    job_id = models.BigIntegerField(null=True, help_text="The job that makes it: its lease is the builder's.")
    request = models.JSONField(default=dict, help_text="What it was asked for: options, promotion, refusals accepted.")
    build_steps = models.JSONField(
        default=list,
        help_text="Each finished step: SHA-256 of its result and of its inputs, when, how long.",
    )

    created_at = models.DateTimeField()
    built_at = models.DateTimeField(null=True)
    audited_at = models.DateTimeField(null=True)
    evaluated_at = models.DateTimeField(null=True)
    gated_at = models.DateTimeField(null=True)
    promoted_at = models.DateTimeField(null=True, help_text="When it last became live.")
    retired_at = models.DateTimeField(null=True, help_text="When it last ceased to be live.")
    failed_at = models.DateTimeField(null=True)
    artifact_removed_at = models.DateTimeField(null=True)

    objects = ReleaseQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["kind", "-id"], name="releases_newest_first")]
        constraints = [
            models.UniqueConstraint(fields=["kind", "key"], name="releases_unique_key"),
            models.UniqueConstraint(fields=["kind"], condition=Q(state="live"), name="releases_one_live_of_a_kind"),
            models.CheckConstraint(
                # NULL = TRUE is NULL, which a check lets pass: a gate that has not decided is named.
                condition=~Q(state__in=["passed", "live", "retired"]) | Q(gate_passed=True, gate_passed__isnull=False),
                name="releases_served_only_through_the_gate",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["built", "evaluated", "passed", "refused", "live", "retired"]) | ~Q(sha256=""),
                name="releases_built_has_a_hash",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"

    @property
    def may_be_accepted(self) -> bool:
        """Tell whether it was refused, and only for what a person may accept."""
        refused = self.state in {self.State.REFUSED, self.State.REFUSED_BY_AUDIT}
        return refused and bool(self.refusals) and all(refusal["acceptable"] for refusal in self.refusals)

    @property
    def open_refusals(self) -> list[str]:
        """Return the names under which it is refused and which nobody accepted yet."""
        taken = {accepted["name"] for accepted in self.accepted}
        return list(dict.fromkeys(refusal["name"] for refusal in self.refusals if refusal["name"] not in taken))


class Decision(models.Model):
    """Who made a release the live one, why, and which one it replaced."""

    class Action(models.TextChoices):
        PROMOTE = "promote"
        ROLL_BACK = "roll_back", "roll back"

    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="decisions")
    action = models.CharField(max_length=16, choices=Action.choices)
    replaced = models.ForeignKey(Release, null=True, on_delete=models.PROTECT, related_name="+")
    decided_by = models.CharField(max_length=150)
    why = models.TextField(default="")
    accepted = models.JSONField(default=list, help_text="Names of the refusals that were accepted by this decision.")
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["release", "-id"], name="releases_decisions_newest")]

    def __str__(self) -> str:
        return f"{self.action} {self.release_id} by {self.decided_by}"

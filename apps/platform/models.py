"""Keys of the API, how much of their limit is used up, and the audit of who did what."""

from typing import Any

from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Replace, Trim
from django.db.models.lookups import Exact

from epicml.audience.asking import Standing
from epicml.audience.bands import AgeBand

# What a public key may hold at most. A key of a web page can be read by everybody who opens the page.
PUBLIC_SCOPES = ("assignments:read", "catalog:read", "events:write", "recommendations:read", "search:read")
AGE_BANDS = [(band.value, band.label) for band in AgeBand]


def _without_public_scopes() -> Trim:
    """Return what is left of the scopes without those of public keys; "" for a key that holds no other."""
    text = models.TextField()
    rest: F | Replace = F("scopes")
    for scope in PUBLIC_SCOPES:
        rest = Replace(rest, Value(scope), Value(""), output_field=text)
    return Trim(rest, output_field=text)


class ApiKey(models.Model):
    """One client of the API. The secret itself is nowhere: only its SHA-256, which is enough for 256 random bits."""

    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=16, help_text="The start of the secret, to recognise it by.")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    scopes = models.TextField(help_text="Separated by blanks.")
    public = models.BooleanField(default=False)
    origins = models.TextField(blank=True, default="", help_text="Of a public key: separated by blanks.")
    requests_per_minute = models.PositiveIntegerField(null=True, blank=True, help_text="Empty: the limit of its kind.")
    events_per_minute = models.PositiveIntegerField(null=True, blank=True, help_text="Empty: the limit of its kind.")
    highest_band = models.PositiveSmallIntegerField(
        choices=AGE_BANDS,
        null=True,
        blank=True,
        help_text="No answer is above it, whoever is named. A public key has one; a server key may.",
    )
    unproven_band = models.PositiveSmallIntegerField(
        choices=AGE_BANDS,
        null=True,
        blank=True,
        help_text="Of a public key: what is not above it is shown without a reader's token. Empty: the highest band.",
    )
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at", "-id")
        verbose_name = "API key"
        constraints = (
            models.CheckConstraint(
                name="api_key_public_scopes",
                condition=Q(public=False) | Q(Exact(_without_public_scopes(), Value(""))),
            ),
            models.CheckConstraint(
                name="api_key_public_has_origins",
                condition=Q(public=False, origins="") | (Q(public=True) & ~Q(origins="")),
            ),
            models.CheckConstraint(
                # A comparison with NULL is NULL, which a check lets pass: a public key without a band is named.
                name="api_key_public_has_band",
                condition=Q(highest_band=None, public=False)
                | Q(highest_band__isnull=False, highest_band__lte=AgeBand.ADULT.value),
            ),
            models.CheckConstraint(
                name="api_key_unproven_band_not_higher",
                condition=Q(unproven_band=None)
                | Q(
                    unproven_band__isnull=False,
                    highest_band__isnull=False,
                    unproven_band__lte=F("highest_band"),
                    public=True,
                ),
            ),
        )

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @property
    def standing(self) -> Standing:
        """Return on what terms its holder is answered."""
        highest = AgeBand.ADULT if self.highest_band is None else AgeBand(self.highest_band)
        unproven = highest if self.unproven_band is None else AgeBand(self.unproven_band)
        return Standing(highest=highest, unproven=unproven, must_prove=self.public)

    @property
    def scope_names(self) -> frozenset[str]:
        return frozenset(self.scopes.split())

    @property
    def origin_names(self) -> frozenset[str]:
        return frozenset(self.origins.split())


class ThrottleCount(models.Model):
    """How many requests one client has reserved in one minute. Rows of past minutes are deleted."""

    bucket = models.CharField(max_length=80)
    minute = models.BigIntegerField(help_text="Counted from 1970.")
    used = models.BigIntegerField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("bucket", "minute"), name="throttle_count_once"),)
        indexes = (models.Index(fields=("minute",), name="throttle_count_minute"),)

    def __str__(self) -> str:
        return f"{self.bucket}: {self.used}"


class AppendOnlyError(Exception):
    """Somebody would change or delete an entry of the audit."""

    def __init__(self) -> None:
        super().__init__("Entries of the audit are neither changed nor deleted; they go when their time is over.")


class AuditQuerySet(models.QuerySet["AuditEntry"]):
    """Entries are added and read. Only the time they are kept for takes them away (services/audit.py)."""

    def update(self, **kwargs: Any) -> int:
        raise AppendOnlyError

    def delete(self) -> tuple[int, dict[str, int]]:
        raise AppendOnlyError


class AuditEntry(models.Model):
    """Who did what, and with which reader. Of a reader there is a keyed hash, so that an erased one stays erased."""

    class Action(models.TextChoices):
        LOGGED_IN = "logged_in", "Logged in"
        LOGGED_OUT = "logged_out", "Logged out"
        LOGIN_FAILED = "login_failed", "Log-in failed"
        LOGIN_LOCKED = "login_locked", "Log-ins locked"
        LOGIN_UNLOCKED = "login_unlocked", "Log-ins unlocked"
        READER_LISTED = "reader_listed", "Saw a reader in a list"
        READER_SEEN = "reader_seen", "Looked at a reader"
        READER_EXPORTED = "reader_exported", "Exported a reader"
        READER_SAVED = "reader_saved", "Saved a reader"
        READER_ERASED = "reader_erased", "Erased a reader"
        CHANGED_MANY = "changed_many", "Changed many at once"

    at = models.DateTimeField()
    action = models.CharField(max_length=20, choices=Action.choices)
    actor = models.CharField(max_length=200, help_text="Empty: a name that no account has.")
    subject = models.CharField(max_length=64, blank=True, default="", help_text="The keyed hash of a reader.")
    about = models.CharField(max_length=200, blank=True, default="")
    address = models.GenericIPAddressField(null=True, blank=True)
    request_id = models.CharField(max_length=64, blank=True, default="")

    objects = AuditQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        verbose_name = "audit entry"
        verbose_name_plural = "audit entries"
        indexes = (
            models.Index(fields=("at",), name="audit_at"),
            models.Index(fields=("subject", "at"), condition=~Q(subject=""), name="audit_subject"),
            models.Index(fields=("actor", "at"), name="audit_actor"),
        )

    def __str__(self) -> str:
        return f"{self.get_action_display()} at {self.at:%Y-%m-%d %H:%M}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise AppendOnlyError
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise AppendOnlyError

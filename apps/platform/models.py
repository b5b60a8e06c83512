"""Keys of the API, and how much of their limit is used up."""

from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Replace, Trim
from django.db.models.lookups import Exact

# What a public key may hold at most. A key of a web page can be read by everybody who opens the page.
PUBLIC_SCOPES = ("assignments:read", "catalog:read", "events:write", "recommendations:read", "search:read")


def _without_public_scopes() -> Trim:
    """What is left of the scopes when those of public keys are taken away; "" for a key that holds no other."""
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
        )

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

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

"""Pseudonymous readers. Nothing here says who a reader is, and no column is there to say it."""

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q

from epicml.audience.asking import READER_KEY_FORM
from epicml.audience.bands import AgeBand

KEY_PATTERN = READER_KEY_FORM
AGE_BANDS = [(band.value, band.label) for band in AgeBand]


class Reader(models.Model):
    """One reader: the library's pseudonym and what decides which books fit."""

    key = models.CharField(
        max_length=64,
        unique=True,
        validators=[RegexValidator(rf"\A{KEY_PATTERN}\Z")],
        help_text="The pseudonym your library uses. Never a name or an e-mail address.",
    )
    age_band = models.PositiveSmallIntegerField(choices=AGE_BANDS)
    level_min = models.PositiveSmallIntegerField(null=True, blank=True)
    level_max = models.PositiveSmallIntegerField(null=True, blank=True)
    languages = models.JSONField(default=list, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(age_band__lte=AgeBand.ADULT.value), name="reader_age_band_known"),
            models.CheckConstraint(
                # A comparison with NULL is NULL, which a check lets pass: one end without the other is named.
                condition=Q(level_min=None, level_max=None)
                | Q(
                    level_min__isnull=False,
                    level_max__isnull=False,
                    level_min__gte=1,
                    level_max__lte=12,
                    level_min__lte=F("level_max"),
                ),
                name="reader_levels_in_order",
            ),
        ]

    def __str__(self) -> str:
        """Name the row without the pseudonym: the admin writes this into its log, which outlives an erasure."""
        return f"Reader {self.pk}"


class ErasureLog(models.Model):
    """That a reader was erased: by whom, when, how many rows. Of the pseudonym only a keyed hash is kept."""

    reader_hash = models.CharField(max_length=64)
    erased_by = models.CharField(max_length=200)
    erased_at = models.DateTimeField()
    counts = models.JSONField()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"erased at {self.erased_at:%Y-%m-%d %H:%M}"

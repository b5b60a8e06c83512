"""Books, who wrote them, the series they belong to, and the numbered log of every change."""

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from epicml.audience.bands import AgeBand

KEY_PATTERN = r"(?!\.{1,2}\Z)[A-Za-z0-9._-]{1,64}"  # "." and ".." are no part of an address: clients resolve them
AGE_BANDS = [(band.value, band.label) for band in AgeBand]


class Author(models.Model):
    """A person or body named on a book. Two authors of one name are one row: the catalogue has no better identity."""

    name = models.CharField(max_length=200, unique=True)

    def __str__(self) -> str:
        return self.name


class Series(models.Model):
    """Books that are read in an order."""

    name = models.CharField(max_length=300, unique=True)

    class Meta:
        verbose_name_plural = "series"

    def __str__(self) -> str:
        return self.name


class BookQuerySet(models.QuerySet["Book"]):
    """Books by the state they are in."""

    def live(self) -> "BookQuerySet":
        """Return the books that may be found; withdrawn ones stay only for the history of readers."""
        return self.filter(withdrawn_at=None)


class AgeBandSource(models.TextChoices):
    """Who said for which age a book is."""

    GUESSED = "guessed", "guessed"
    GIVEN = "given", "given"
    STAFF = "staff", "set by staff"


class Book(models.Model):
    """One title of the library. `key` is the library's own identifier; "deleted" books are withdrawn, never removed."""

    key = models.CharField(max_length=64, unique=True, validators=[RegexValidator(rf"\A{KEY_PATTERN}\Z")])
    title = models.CharField(max_length=500)
    authors = models.ManyToManyField(Author, through="BookAuthor", related_name="books")
    series = models.ForeignKey(Series, null=True, blank=True, on_delete=models.SET_NULL, related_name="books")
    series_number = models.FloatField(null=True, blank=True)
    age_band = models.PositiveSmallIntegerField(choices=AGE_BANDS, default=AgeBand.ADULT.value)
    age_band_source = models.CharField(
        max_length=8,
        choices=AgeBandSource.choices,
        default=AgeBandSource.GUESSED,
        help_text="Guessed from the genres, given by a file or client, or set by staff, which no import undoes.",
    )
    reading_level = models.PositiveSmallIntegerField(null=True, blank=True, help_text="1 to 12; empty when not known.")
    language = models.CharField(max_length=8, default="und", help_text='"en", "de"; "und" when not known.')
    published_year = models.SmallIntegerField(null=True, blank=True, help_text="Negative years are before Christ.")
    genres = models.JSONField(default=list, blank=True)
    ratings_count = models.PositiveIntegerField(default=0, help_text="How popular the book is.")
    average_rating = models.FloatField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField()

    objects = BookQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(age_band__lte=AgeBand.ADULT.value), name="book_age_band_known"),
            models.CheckConstraint(
                condition=Q(reading_level=None) | Q(reading_level__range=(1, 12)), name="book_reading_level_1_to_12"
            ),
            models.CheckConstraint(condition=~Q(title=""), name="book_has_title"),
            models.CheckConstraint(
                condition=Q(age_band_source__in=AgeBandSource.values), name="book_age_band_source_known"
            ),
        ]

    def __str__(self) -> str:
        return self.title


class BookAuthor(models.Model):
    """That an author is named on a book, and at which place."""

    book = models.ForeignKey(Book, on_delete=models.CASCADE, related_name="+")
    author = models.ForeignKey(Author, on_delete=models.CASCADE, related_name="+")
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["book_id", "position"]
        constraints = [models.UniqueConstraint(fields=["book", "position"], name="book_author_one_per_position")]

    def __str__(self) -> str:
        return f"{self.author_id} at {self.position} of {self.book_id}"


class Isbn(models.Model):
    """An ISBN as thirteen digits. It names one book; a book may have several, one for each edition."""

    number = models.CharField(max_length=13, primary_key=True, validators=[RegexValidator(r"\A97[89][0-9]{10}\Z")])
    book = models.ForeignKey(Book, on_delete=models.CASCADE, related_name="isbns")

    class Meta:
        ordering = ["number"]
        verbose_name = "ISBN"

    def __str__(self) -> str:
        return self.number


class Change(models.Model):
    """One change of one book. Numbers become visible in the order in which they were given."""

    class Kind(models.TextChoices):
        """What the change did to the book."""

        UPSERT = "upsert"
        DELETE = "delete"

    number = models.BigAutoField(primary_key=True)
    book = models.ForeignKey(Book, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=6, choices=Kind.choices)
    at = models.DateTimeField()

    class Meta:
        ordering = ["-number"]

    def __str__(self) -> str:
        return f"{self.number} {self.kind}"

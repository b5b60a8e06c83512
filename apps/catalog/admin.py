"""Books for staff. Saving and withdrawing go through the services, so that the change log and the index follow."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import urlencode
from unfold.decorators import display
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from apps.catalog.models import AGE_BANDS, AgeBandSource, Book, Change
from apps.catalog.selectors.books import book_ids, live_cards
from apps.catalog.services.book_values import BookInput
from apps.catalog.services.books import delete_books, restore_books, save_books
from apps.catalog.services.limits import (
    HIGHEST_SERIES_NUMBER,
    MAX_AUTHORS,
    MAX_GENRES,
    MAX_NAME,
    MAX_TAG,
    MOST_RATINGS,
    YEARS,
)
from apps.platform.pages.bulk import Bulk, confirmation_page
from apps.platform.pages.model_pages import BAD_VALUES, BadAddressError, StaffAdmin, WrittenAdmin
from apps.platform.pages.shell import actor_of
from apps.platform.services.audit import Action, record
from apps.platform.services.formats import counted
from apps.platform.services.tabular.cells import UNSET
from epicml.audience.bands import AgeBand
from epicml.audience.tags import audience_of
from epicml.text.isbn import InvalidIsbnError, isbn13
from epicml.text.languages import UnknownLanguageError, language_code

FIELDS = (
    "key",
    "title",
    "author_names",
    "series_name",
    "series_number",
    "genre_names",
    "age_band",
    "age_band_source_name",
    "reading_level",
    "language",
    "published_year",
    "isbn_numbers",
    "ratings_count",
    "average_rating",
)
CONFIRM = Bulk(
    action="confirm_age_bands",
    verb="Confirm the age bands of",
    one="book",
    many="books",
    touches="who may see these books: no import changes their bands any more",
    undo="in the form of each book, “Guess from the genres”",
)
WITHDRAW = Bulk(
    action="withdraw",
    verb="Withdraw",
    one="book",
    many="books",
    touches="search and recommendations: within a second these books are found nowhere",
    undo="the link in the message that comes, or “Restore the chosen books” in the list of those that are withdrawn",
)
RESTORE = Bulk(
    action="restore",
    verb="Restore",
    one="book",
    many="books",
    touches="search and recommendations: within a second these books are found again",
    undo="withdraw them again",
)
BY_GENRES = ("", "Guess from the genres")


class BookForm(forms.ModelForm):  # type: ignore[type-arg]
    """A book as staff write it: authors, genres and ISBNs one a line. No import undoes a band that they choose."""

    author_names = forms.CharField(
        label="Authors",
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text="One a line, the first named first.",
    )
    series_name = forms.CharField(
        label="Series", required=False, max_length=MAX_NAME, widget=UnfoldAdminTextInputWidget
    )
    series_number = forms.FloatField(
        required=False, min_value=0, max_value=HIGHEST_SERIES_NUMBER, widget=UnfoldAdminDecimalFieldWidget
    )
    genre_names = forms.CharField(
        label="Genres",
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text="One a line: a heading may have commas of its own.",
    )
    age_band = forms.TypedChoiceField(
        label="Age band",
        required=False,
        coerce=lambda value: AgeBand(int(value)),
        empty_value=None,
        choices=[BY_GENRES, *AGE_BANDS],
        widget=UnfoldAdminSelectWidget,
        help_text="A band that you choose here stays, whatever later imports say.",
    )
    isbn_numbers = forms.CharField(
        label="ISBNs",
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text="One a line, with 10 or 13 digits. An ISBN names one book.",
    )

    class Meta:
        model = Book
        fields = (
            "key",
            "title",
            "series_number",
            "reading_level",
            "language",
            "published_year",
            "ratings_count",
            "average_rating",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cards = live_cards([self.instance.pk]) if self.instance.pk else []
        for card in cards:
            self.initial["author_names"] = "\n".join(card.authors)
            self.initial["series_name"] = card.series or ""
            self.initial["genre_names"] = "\n".join(card.genres)
            self.initial["isbn_numbers"] = "\n".join(card.isbns)
            guessed = self.instance.age_band_source == AgeBandSource.GUESSED
            self.initial["age_band"] = "" if guessed else str(int(card.age_band))

    def clean_author_names(self) -> tuple[str, ...]:
        return _texts(self.cleaned_data["author_names"].splitlines(), most=MAX_AUTHORS, longest=MAX_NAME)

    def clean_genre_names(self) -> tuple[str, ...]:
        return _texts(self.cleaned_data["genre_names"].splitlines(), most=MAX_GENRES, longest=MAX_TAG)

    def clean_isbn_numbers(self) -> tuple[str, ...]:
        try:
            return tuple(isbn13(line) for line in self.cleaned_data["isbn_numbers"].splitlines() if line.strip())
        except InvalidIsbnError as error:
            raise forms.ValidationError(str(error)) from error

    def clean_language(self) -> str:
        try:
            return language_code(self.cleaned_data["language"])
        except UnknownLanguageError as error:
            raise forms.ValidationError(str(error)) from error

    def clean_reading_level(self) -> Any:
        return self._within("reading_level", 1, 12)

    def clean_published_year(self) -> Any:
        return self._within("published_year", *YEARS)

    def clean_ratings_count(self) -> Any:
        return self._within("ratings_count", 0, MOST_RATINGS)

    def clean_average_rating(self) -> Any:
        return self._within("average_rating", 0, 5)

    def _within(self, name: str, low: float, high: float) -> Any:
        value = self.cleaned_data[name]
        if value is not None and not low <= value <= high:
            raise forms.ValidationError(f"This must be from {low:g} to {high:g}.")
        return value

    def book(self) -> BookInput:
        """Return what the form says of the book; age band and level only where somebody touched them."""
        values = self.cleaned_data
        decided = not self.instance.pk or not {"age_band", "reading_level"}.isdisjoint(self.changed_data)
        # A level that nobody touched goes with the guess of the band.
        says_level = decided and (values["age_band"] is not None or "reading_level" in self.changed_data)
        return BookInput(
            key=self.instance.key,
            title=values["title"],
            authors=values["author_names"],
            series=values["series_name"] or None,
            series_number=values["series_number"],
            age_band=values["age_band"] if decided else UNSET,
            reading_level=values["reading_level"] if says_level else UNSET,
            language=values["language"],
            published_year=values["published_year"],
            genres=values["genre_names"],
            ratings_count=values["ratings_count"],
            average_rating=values["average_rating"],
            isbns=values["isbn_numbers"],
            by_staff=decided,
        )


class StateFilter(admin.SimpleListFilter):
    """Books in the catalogue, or those that were withdrawn."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("live", "In the catalogue"), ("withdrawn", "Withdrawn")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Book]) -> QuerySet[Book]:
        if self.value() not in {"live", "withdrawn"}:
            return queryset
        return queryset.filter(withdrawn_at__isnull=self.value() == "live")


class WithdrawnAtFilter(admin.SimpleListFilter):
    """Books that were withdrawn together, at one moment: what the link to undo a withdrawal leads to."""

    title = "withdrawn together"
    parameter_name = "withdrawn"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(self.value() or "", "these")] if self.value() else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Book]) -> QuerySet[Book]:
        return queryset.filter(withdrawn_at=self.value()) if self.value() else queryset


@admin.register(Book)
class BookAdmin(StaffAdmin):
    """Books are never removed: what is withdrawn is found nowhere, and its history stays."""

    form = BookForm
    fields = FIELDS
    list_display = ("title", "shown_authors", "shown_band", "reading_level", "language", "ratings_count", "state")
    list_filter = (StateFilter, WithdrawnAtFilter, "age_band", "age_band_source", "reading_level", "language")
    search_fields = ("title", "=key", "authors__name", "series__name")
    search_help_text = "Title, author, series or key"
    ordering = ("-ratings_count", "id")
    actions = ("confirm_age_bands", "withdraw", "restore")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Book]:
        books: QuerySet[Book] = super().get_queryset(request)
        return books.prefetch_related("authors")

    def get_readonly_fields(self, request: HttpRequest, obj: Book | None = None) -> tuple[str, ...]:
        return ("age_band_source_name",) if obj is None else ("key", "age_band_source_name")

    def has_delete_permission(self, request: HttpRequest, obj: Book | None = None) -> bool:
        return False

    def has_withdraw_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("catalog.delete_book")

    @admin.display(description="Authors")
    def shown_authors(self, book: Book) -> str:
        return ", ".join(author.name for author in book.authors.all()[:3]) or "–"

    @admin.display(description="Age", ordering="age_band")
    def shown_band(self, book: Book) -> str:
        band = dict(AGE_BANDS)[book.age_band]
        return f"{band}, guessed" if book.age_band_source == AgeBandSource.GUESSED else band

    @admin.display(description="Who said the age band")
    def age_band_source_name(self, book: Book) -> str:
        if book.pk is None:
            return "–"
        if book.age_band_source != AgeBandSource.GUESSED:
            return AgeBandSource(book.age_band_source).label.capitalize()
        headings = ", ".join(f"“{heading}”" for heading in audience_of(book.genres).headings)
        reason = f"from {headings}" if headings else "for adults, because no genre says for whom the book is"
        return f"{dict(AGE_BANDS)[book.age_band].capitalize()}: guessed {reason}"

    @display(description="State", label={"Withdrawn": "danger", "Live": "success"})  # type: ignore[untyped-decorator]
    def state(self, book: Book) -> str:
        return "Withdrawn" if book.withdrawn_at else "Live"

    @admin.action(description="Confirm the age bands of the chosen books…", permissions=["change"])
    def confirm_age_bands(self, request: HttpRequest, queryset: QuerySet[Book]) -> HttpResponse | None:
        live = queryset.filter(withdrawn_at=None)  # saving a withdrawn one would bring it back
        page = self.page_before(request, live, CONFIRM)
        if page is not None:
            return page
        as_they_are = [
            BookInput(key=book.key, age_band=AgeBand(book.age_band), reading_level=book.reading_level, by_staff=True)
            for book in live
        ]
        report = save_books(as_they_are, now=timezone.now())
        count = counted(len(report.values), "book")
        self._record(request, f"Confirmed the age bands of {count}")
        messages.success(request, f"The age bands of {count} are set; no import changes them.")
        return None

    @admin.action(description="Withdraw the chosen books…", permissions=["withdraw"])
    def withdraw(self, request: HttpRequest, queryset: QuerySet[Book]) -> HttpResponse | None:
        live = queryset.filter(withdrawn_at=None)
        page = self.page_before(request, live, WITHDRAW)
        if page is not None:
            return page
        now = timezone.now()
        count = counted(delete_books(list(live.values_list("key", flat=True)), now=now), "book")
        self._record(request, f"Withdrew {count}")
        undo = reverse("admin:catalog_book_undo", args=[now.isoformat()])
        messages.success(request, format_html('Withdrawn: {}. <a href="{}">Undo…</a>', count, undo))
        return None

    @admin.action(description="Restore the chosen books…", permissions=["withdraw"])
    def restore(self, request: HttpRequest, queryset: QuerySet[Book]) -> HttpResponse | None:
        withdrawn = queryset.filter(withdrawn_at__isnull=False)
        page = self.page_before(request, withdrawn, RESTORE)
        if page is not None:
            return page
        keys = list(withdrawn.values_list("key", flat=True))
        count = counted(restore_books(keys, now=timezone.now()), "book")
        self._record(request, f"Restored {count}")
        messages.success(request, f"Restored: {count}.")
        return HttpResponseRedirect(reverse("admin:catalog_book_changelist"))

    def get_urls(self) -> list[Any]:
        undo = path("withdrawn/<str:at>/", self.admin_site.admin_view(self._undo), name="catalog_book_undo")
        return [undo, *super().get_urls()]

    def _undo(self, request: HttpRequest, at: str) -> HttpResponse:
        """Show the page that asks whether the books that were withdrawn at this moment shall be restored."""
        if not self.has_withdraw_permission(request):
            raise PermissionDenied
        try:
            books = self.get_queryset(request).filter(withdrawn_at=at)
        except BAD_VALUES as error:
            raise BadAddressError from error
        listed = reverse("admin:catalog_book_changelist")
        page = confirmation_page(request, books, RESTORE, back=listed, to=f"{listed}?{urlencode({'withdrawn': at})}")
        return page if page is not None else HttpResponseRedirect(listed)

    def _record(self, request: HttpRequest, what: str) -> None:
        record(Action.CHANGED_MANY, by=actor_of(request), about=what, now=timezone.now())

    def save_model(self, request: HttpRequest, obj: Book, form: BookForm, change: bool) -> None:  # noqa: FBT001
        report = save_books([form.book()], now=timezone.now())
        for remark in report.remarks[obj.key]:
            messages.warning(request, remark.reason)
        obj.pk = book_ids([obj.key])[obj.key]

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:  # noqa: FBT001
        """Save nothing more: authors and series were saved with the book."""


@admin.register(Change)
class ChangeAdmin(WrittenAdmin):
    """The change log is written by the services only."""

    list_display = ("number", "book", "kind", "at")
    list_filter = ("kind",)
    list_select_related = ("book",)
    search_fields = ("=book__key", "book__title")
    search_help_text = "Title or key"


def _texts(parts: list[str], *, most: int, longest: int) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(part.strip() for part in parts if part.strip()))
    if len(found) > most or any(len(part) > longest for part in found):
        raise forms.ValidationError(f"At most {most}, of {longest} characters each.")
    return found

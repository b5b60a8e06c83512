"""Readers for staff: pseudonyms and what decides which books fit. Exported and erased over all apps by actions."""

import json
from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminTextInputWidget

from apps.platform.pages.bulk import Bulk
from apps.platform.pages.model_pages import StaffAdmin, WrittenAdmin
from apps.platform.pages.shell import actor_of
from apps.platform.services.audit import Action
from apps.platform.services.formats import counted
from apps.readers.models import AGE_BANDS, ErasureLog, Reader
from apps.readers.selectors import reader_ids
from apps.readers.services import ReaderInput, erase_reader, export_reader, record_access, save_reader
from epicml.audience.bands import AgeBand
from epicml.text.languages import UnknownLanguageError, language_code

MAX_LANGUAGES = 20
MAX_AT_ONCE = 100  # exports and erasures read every app for every reader
EXPORT = Bulk(
    action="export",
    verb="Export",
    one="reader",
    many="readers",
    touches="nothing; a file with all that is stored about them comes to you, and the audit has that you took it",
    undo="delete the file once its purpose is served",
)
ERASE = Bulk(
    action="erase",
    verb="Erase",
    one="reader",
    many="readers",
    touches="the profile and everything that any app stores; one line in the log of erasures stays, without pseudonym",
    undo="it cannot be undone; export first where a copy is owed",
    word="erase",
)


class ReaderForm(forms.ModelForm):  # type: ignore[type-arg]
    """A profile as staff write it: languages separated by commas."""

    language_codes = forms.CharField(
        label="Languages",
        required=False,
        max_length=200,
        widget=UnfoldAdminTextInputWidget,
        help_text="Separated by commas, such as en, de. Empty: all.",
    )

    class Meta:
        model = Reader
        fields = ("key", "age_band", "level_min", "level_max")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["language_codes"] = ", ".join(self.instance.languages)

    def clean_language_codes(self) -> tuple[str, ...]:
        parts = [part for part in self.cleaned_data["language_codes"].split(",") if part.strip()]
        try:
            return tuple(dict.fromkeys(language_code(part) for part in parts[:MAX_LANGUAGES]))
        except UnknownLanguageError as error:
            raise forms.ValidationError(str(error)) from error

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        low, high = values.get("level_min"), values.get("level_max")
        if (low, high) != (None, None) and not (low and high and 1 <= low <= high <= 12):
            self.add_error("level_min", "Reading levels go from 1 to 12: give both, the lower one first, or none.")
        return values

    def reader(self) -> ReaderInput:
        """Return the profile that the form describes."""
        values = self.cleaned_data
        return ReaderInput(
            key=self.instance.key,
            age_band=AgeBand(values["age_band"]),
            level_min=values["level_min"],
            level_max=values["level_max"],
            languages=values["language_codes"],
        )


@admin.register(Reader)
class ReaderAdmin(StaffAdmin):
    """There is no name here, and no field to write one into."""

    form = ReaderForm
    fields = ("key", "age_band", "level_min", "level_max", "language_codes")
    list_display = ("key", "shown_band", "shown_levels", "shown_languages", "created_at", "sees")
    list_filter = ("age_band",)
    search_fields = ("=key",)
    search_help_text = "The whole pseudonym"
    actions = ("export", "erase")

    def get_readonly_fields(self, request: HttpRequest, obj: Reader | None = None) -> tuple[str, ...]:
        return () if obj is None else ("key",)

    def has_delete_permission(self, request: HttpRequest, obj: Reader | None = None) -> bool:
        """Refuse: erasing is an action, which goes over all apps and is logged."""
        return False

    def has_erase_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("readers.delete_reader")

    @admin.display(description="Age", ordering="age_band")
    def shown_band(self, reader: Reader) -> str:
        return dict(AGE_BANDS)[reader.age_band]

    @admin.display(description="Reading level")
    def shown_levels(self, reader: Reader) -> str:
        return f"{reader.level_min} to {reader.level_max}" if reader.level_min else "any"

    @admin.display(description="Languages")
    def shown_languages(self, reader: Reader) -> str:
        return ", ".join(reader.languages) or "all"

    @admin.display(description="Sees")
    def sees(self, reader: Reader) -> SafeString | str:
        try:
            return format_html('<a href="{}">What and why</a>', reverse("reader-sees", args=[reader.key]))
        except NoReverseMatch:
            return "–"

    @admin.action(description="Export everything about the chosen readers…", permissions=["view"])
    def export(self, request: HttpRequest, queryset: QuerySet[Reader]) -> HttpResponse:
        page = self._page_before(request, queryset, EXPORT)
        if page is not None:
            return page
        by, now = actor_of(request), timezone.now()
        exports = [export_reader(reader.key, by=by, now=now) for reader in queryset]
        answer = HttpResponse(json.dumps(exports, indent=2, ensure_ascii=False), content_type="application/json")
        answer["Content-Disposition"] = 'attachment; filename="readers.json"'
        return answer

    @admin.action(description="Erase the chosen readers everywhere…", permissions=["erase"])
    def erase(self, request: HttpRequest, queryset: QuerySet[Reader]) -> HttpResponse | None:
        page = self._page_before(request, queryset, ERASE)
        if page is not None:
            return page
        by, keys = actor_of(request), [reader.key for reader in queryset]
        for key in keys:
            erase_reader(key, by=by.name, address=by.address, now=timezone.now())
        messages.success(request, f"Erased from every app: {counted(len(keys), 'reader')}.")
        return None

    def _page_before(self, request: HttpRequest, readers: QuerySet[Reader], bulk: Bulk) -> HttpResponse | None:
        count = readers.count()
        if count <= MAX_AT_ONCE:
            return self.page_before(request, readers, bulk, name=lambda reader: reader.key)
        messages.warning(request, f"{bulk.verb} at most {MAX_AT_ONCE} readers at once; {count:,} were chosen.")
        return HttpResponseRedirect(request.get_full_path())

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Return the page of readers, and record that those on it are seen."""
        shown = super().get_changelist_instance(request)
        if request.method != "POST":
            self._record_access(request, Action.READER_LISTED, shown.result_list)
        return shown

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Reader | None:
        """Return the reader, and record who looks: every page of one reader begins here."""
        reader: Reader | None = super().get_object(request, object_id, from_field)
        if reader is not None:
            self._record_access(request, Action.READER_SEEN, [reader])
        return reader

    def _record_access(self, request: HttpRequest, action: Action, readers: Iterable[Reader]) -> None:
        record_access(action, [reader.key for reader in readers], by=actor_of(request), now=timezone.now())

    def save_model(self, request: HttpRequest, obj: Reader, form: ReaderForm, change: bool) -> None:  # noqa: FBT001
        save_reader(form.reader(), now=timezone.now())
        obj.pk = reader_ids([obj.key])[obj.key]
        self._record_access(request, Action.READER_SAVED, [obj])


@admin.register(ErasureLog)
class ErasureLogAdmin(WrittenAdmin):
    """The log of erasures is written by the service only."""

    list_display = ("erased_at", "erased_by", "counts")
    fields = ("erased_at", "erased_by", "counts", "reader_hash")

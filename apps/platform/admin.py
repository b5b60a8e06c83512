"""API keys for staff: made and revoked through the services; a secret is shown once."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from unfold.admin import ModelAdmin
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from apps.platform.models import ApiKey
from apps.platform.services.api_keys import (
    PUBLIC_SCOPES,
    SCOPES,
    InvalidKeyError,
    check_new_key,
    create_api_key,
    revoke_api_key,
)
from apps.platform.services.errors import EpicmlError
from epicml.audience.bands import AgeBand

_COUNTS = ("requests_per_minute", "events_per_minute")
_LIMITS = (*_COUNTS, "highest_band", "unproven_band")
_FORM_FIELDS = ("name", "scopes", "public", "origins", *_LIMITS)


_BANDS = [("", "—"), *((band.code, band.label) for band in AgeBand)]


class NewKeyForm(forms.ModelForm):  # type: ignore[type-arg]
    """What staff choose of a new key; making it is the service's."""

    name = forms.CharField(max_length=100, widget=UnfoldAdminTextInputWidget, help_text="Whose key it is.")
    scopes = forms.MultipleChoiceField(
        choices=[(scope, scope) for scope in SCOPES],
        widget=UnfoldAdminSelectMultipleWidget,
        help_text=f"A public key may hold {', '.join(PUBLIC_SCOPES)}.",
    )
    public = forms.BooleanField(
        required=False, widget=UnfoldBooleanSwitchWidget, help_text="For web pages, where everybody can read it."
    )
    origins = forms.CharField(
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text="Of a public key: the pages it works from, one a line, such as https://library.example.",
    )
    requests_per_minute = forms.IntegerField(
        required=False, min_value=1, max_value=10_000_000, widget=UnfoldAdminIntegerFieldWidget
    )
    events_per_minute = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=10_000_000,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="Each event of a batch counts. Empty: the limit of its kind.",
    )
    highest_band = forms.TypedChoiceField(
        choices=_BANDS,
        coerce=AgeBand.from_code,
        empty_value=None,
        required=False,
        widget=UnfoldAdminSelectWidget,
        help_text="No answer is above it. Empty: everything for a server key, 0 to 5 for a public one.",
    )
    unproven_band = forms.TypedChoiceField(
        choices=_BANDS,
        coerce=AgeBand.from_code,
        empty_value=None,
        required=False,
        widget=UnfoldAdminSelectWidget,
        help_text="Of a public key: what it shows without a reader's token. Empty: up to the highest band.",
    )

    class Meta:
        model = ApiKey
        fields = _FORM_FIELDS

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors:
            try:
                check_new_key(**{name: value for name, value in key_values(values).items() if name not in _COUNTS})
            except InvalidKeyError as error:
                for field, reasons in error.fields.items():
                    self.add_error(field, reasons)
        return values

    def _post_clean(self) -> None:
        """The service checks and makes the row; the form's values are not those of its columns."""


def key_values(values: dict[str, Any]) -> dict[str, Any]:
    """The form's values as the service takes them."""
    plain = {name: values[name] for name in ("name", "scopes", "public", *_LIMITS)}
    return plain | {"origins": values["origins"].split()}


@admin.register(ApiKey)
class ApiKeyAdmin(ModelAdmin):  # type: ignore[misc]
    """A key cannot be changed, only made and revoked: who uses it relies on what it may do."""

    list_display = (
        *("name", "prefix", "public", "highest_band", "unproven_band", "events_per_minute", "scopes"),
        *("created_at", "last_used_at", "revoked_at"),
    )
    list_filter = ("public",)
    search_fields = ("name", "prefix")
    readonly_fields = ("prefix", "created_at", "last_used_at", "revoked_at")
    actions = ("revoke",)
    secrets: dict[int, str] = {}  # between saving and the answer of the same request

    def get_form(self, request: HttpRequest, obj: ApiKey | None = None, change: bool = False, **kwargs: Any) -> Any:  # noqa: FBT001, FBT002
        return NewKeyForm if obj is None else super().get_form(request, obj, change, **kwargs)

    def get_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> tuple[str, ...]:
        return _FORM_FIELDS if obj is None else (*_FORM_FIELDS, *self.readonly_fields)

    def get_readonly_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> tuple[str, ...]:
        return () if obj is None else self.get_fields(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        return False

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("platform.change_apikey")

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:  # noqa: FBT001
        made = create_api_key(**key_values(form.cleaned_data), now=timezone.now())
        obj.pk, self.secrets[made.id] = made.id, made.secret

    def response_add(self, request: HttpRequest, obj: ApiKey, post_url_continue: str | None = None) -> HttpResponse:
        """The one page that shows the secret; it is in no message, no cookie, and (as all of admin) no cache."""
        context = {
            **self.admin_site.each_context(request),
            "title": "API key made",
            "key": obj,
            "secret": self.secrets.pop(obj.pk),
        }
        return render(request, "platform/api_key_made.html", context)

    @admin.action(description="Revoke the chosen keys", permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        for key in queryset:
            try:
                messages.success(request, revoke_api_key(key.pk, now=timezone.now()))
            except EpicmlError as error:
                messages.warning(request, error.message)

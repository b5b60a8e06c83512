"""API keys, the audit, locked log-ins and accounts. Keys are made by the services; a secret is shown once."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from axes.models import AccessAttempt
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from apps.platform.models import ApiKey, AuditEntry
from apps.platform.pages.bulk import Bulk
from apps.platform.pages.model_pages import StaffAdmin, WrittenAdmin
from apps.platform.pages.shell import actor_of
from apps.platform.selectors.accounts import account_of_hash
from apps.platform.services.api_keys import (
    PUBLIC_SCOPES,
    REINSTATED_WITHIN,
    SCOPES,
    InvalidKeyError,
    check_new_key,
    create_api_key,
    reinstate_api_key,
    revoke_api_key,
)
from apps.platform.services.audit import Action, record, subject_of
from apps.platform.services.errors import EpicmlError
from apps.platform.services.formats import counted
from apps.platform.services.login_locks import LoginAttempt, next_attempt_at
from epicml.audience.bands import AgeBand

REVOKE = Bulk(
    action="revoke",
    verb="Revoke",
    one="API key",
    many="API keys",
    touches="whoever asks with these keys: they are refused everywhere within seconds",
    undo=f"“Reinstate the chosen keys”, within {int(REINSTATED_WITHIN.total_seconds() // 3600)} hours",
)
REINSTATE = Bulk(
    action="reinstate",
    verb="Reinstate",
    one="API key",
    many="API keys",
    touches="whoever has these keys: they are answered again. Leave a key revoked that somebody may have stolen",
    undo="revoke them again",
)
UNLOCK = Bulk(
    action="unlock",
    verb="Unlock",
    one="log-in",
    many="log-ins",
    touches="who was locked out: they may try again at once, and so may whoever guesses",
    undo="nothing to undo: who fails again is locked again",
)
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
        """Check nothing more: the service checks and makes the row, whose columns are not the form's values."""


def key_values(values: dict[str, Any]) -> dict[str, Any]:
    """Return the form's values as the service takes them."""
    plain = {name: values[name] for name in ("name", "scopes", "public", *_LIMITS)}
    return plain | {"origins": values["origins"].split()}


@admin.register(ApiKey)
class ApiKeyAdmin(StaffAdmin):
    """A key cannot be changed, only made and revoked: who uses it relies on what it may do."""

    list_display = (
        *("name", "prefix", "public", "highest_band", "unproven_band", "events_per_minute", "scopes"),
        *("created_at", "last_used_at", "revoked_at"),
    )
    list_filter = ("public",)
    search_fields = ("name", "prefix")
    readonly_fields = ("prefix", "created_at", "last_used_at", "revoked_at")
    actions = ("revoke", "reinstate")
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
        """Show the one page that has the secret; it is in no message, no cookie, and (as all of admin) no cache."""
        context = {
            **self.admin_site.each_context(request),
            "title": "API key made",
            "key": obj,
            "secret": self.secrets.pop(obj.pk),
        }
        return render(request, "platform/api_key_made.html", context)

    @admin.action(description="Revoke the chosen keys…", permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> HttpResponse | None:
        live = queryset.filter(revoked_at=None)
        page = self.page_before(request, live, REVOKE)
        if page is None:
            _each(request, live, revoke_api_key, bulk=REVOKE)
        return page

    @admin.action(description="Reinstate the chosen keys…", permissions=["revoke"])
    def reinstate(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> HttpResponse | None:
        revoked = queryset.filter(revoked_at__gt=timezone.now() - REINSTATED_WITHIN)
        page = self.page_before(request, revoked, REINSTATE)
        if page is None:
            _each(request, revoked, reinstate_api_key, bulk=REINSTATE)
        return page


def _each(request: HttpRequest, keys: QuerySet[ApiKey], act: Callable[..., str], *, bulk: Bulk) -> None:
    now = timezone.now()
    for key in list(keys):
        try:
            sentence = act(key.pk, now=now)
        except EpicmlError as error:
            messages.warning(request, error.message)
        else:
            record(Action.CHANGED_MANY, by=actor_of(request), about=f"{bulk.verb}: API key {key}", now=now)
            messages.success(request, sentence)


@admin.register(AuditEntry)
class AuditEntryAdmin(WrittenAdmin):
    """Who did what; a whole pseudonym finds the entries about its reader, whose hash is all that is stored."""

    list_display = ("at", "action", "actor", "reader", "about", "address")
    list_filter = ("action", "at")
    fields = ("at", "action", "actor", "subject", "about", "address", "request_id")
    search_fields = ("actor", "about", "=request_id", "=subject")
    search_help_text = "A whole pseudonym; or who, about what, or a request’s number"

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[AuditEntry], search_term: str
    ) -> tuple[QuerySet[AuditEntry], bool]:
        found, several = super().get_search_results(request, queryset, search_term)
        about = queryset.filter(subject=subject_of(search_term.strip())) if search_term.strip() else queryset.none()
        return found | about, several

    @admin.display(description="Reader", empty_value="–")
    def reader(self, entry: AuditEntry) -> str:
        return f"{entry.subject[:12]}…" if entry.subject else ""


@admin.register(AccessAttempt)
class LoginLockAdmin(WrittenAdmin):
    """Log-ins that failed in the last day, by name and address. Names that no account has were never stored."""

    list_display = ("account", "place", "failures_since_start", "attempt_time", "locked_until")
    fields = ("ip_address", "failures_since_start", "attempt_time")
    ordering = ("-attempt_time",)
    search_fields = ("=ip_address",)
    search_help_text = "An address"
    actions = ("unlock",)

    def has_unlock_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)

    @admin.display(description="Account")
    def account(self, row: AccessAttempt) -> str:
        return account_of_hash(row.username) or "a name that no account has"

    @admin.display(description="From")
    def place(self, row: AccessAttempt) -> str:
        return "a browser that is known for this name" if row.user_agent else str(row.ip_address)

    @admin.display(description="Locked until")
    def locked_until(self, row: AccessAttempt) -> datetime | None:
        attempt = LoginAttempt(row.username, row.ip_address, row.user_agent)
        return next_attempt_at(attempt, now=timezone.now())

    @admin.action(description="Unlock the chosen log-ins…", permissions=["unlock"])
    def unlock(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        page = self.page_before(request, queryset, UNLOCK, name=lambda row: f"{self.account(row)}, {self.place(row)}")
        if page is not None:
            return page
        about = ", ".join(sorted({self.account(row) for row in queryset}))
        count = queryset.delete()[0]
        record(Action.LOGIN_UNLOCKED, by=actor_of(request), about=about, now=timezone.now())
        messages.success(request, f"Unlocked: {counted(count, 'log-in')}.")
        return None


admin.site.disable_action("delete_selected")  # accounts are deleted one by one, on a page that lists what goes
admin.site.unregister([User, Group])


@admin.register(User)
class AccountAdmin(UserAdmin, StaffAdmin):  # type: ignore[type-arg]
    """Accounts of staff."""

    form, add_form, change_password_form = UserChangeForm, UserCreationForm, AdminPasswordChangeForm


@admin.register(Group)
class AccountGroupAdmin(GroupAdmin, StaffAdmin):
    """What accounts may do together."""

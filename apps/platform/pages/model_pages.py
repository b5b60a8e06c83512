"""What all admin pages of tables have in common: an address that asks for nonsense is refused, and never an error."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.admin import helpers
from django.core.exceptions import FieldError, SuspiciousOperation, ValidationError
from django.db import DataError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from unfold.admin import ModelAdmin

from apps.platform.pages.bulk import Bulk, confirmation_page

# What a database or a field says of a value that it cannot compare with.
BAD_VALUES = (ValueError, OverflowError, ValidationError, FieldError, DataError)
LOOKUPS = frozenset({"exact", "isnull", "gte", "lt"})  # those that the filters beside a list ask for
LARGEST_ID = 2**63 - 1


class BadAddressError(SuspiciousOperation):
    """The address or the form names something that cannot be looked for."""


class StaffAdmin(ModelAdmin):  # type: ignore[misc]
    """The base of every table's pages."""

    list_per_page = 50
    show_full_result_count = False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Allow the columns of the filters only: any other lookup could read what no page shows, letter by letter."""
        filters = {getattr(one, "parameter_name", one) for one in self.get_list_filter(request)}
        name, _, kind = lookup.rpartition("__") if lookup.rpartition("__")[2] in LOOKUPS else (lookup, "", "exact")
        return name.removesuffix("__id") in filters and kind in LOOKUPS

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        try:
            shown = super().get_changelist_instance(request)
            len(shown.result_list)  # asks the database now, where it can still be said what is wrong
        except BAD_VALUES as error:
            raise BadAddressError from error
        return shown

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        _check_chosen(self.opts, request.POST.getlist(helpers.ACTION_CHECKBOX_NAME))
        response: HttpResponse = super().changelist_view(request, extra_context)
        return response

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if request.method == "POST":
            response: HttpResponse = super().changeform_view(request, object_id, form_url, extra_context)
            return response
        try:  # what the address wishes to see in the form, or asks about the row
            page: Any = super().changeform_view(request, object_id, form_url, extra_context)
            return page.render() if hasattr(page, "render") else page  # type: ignore[no-any-return]
        except BAD_VALUES as error:
            raise BadAddressError from error

    def page_before(
        self, request: HttpRequest, rows: QuerySet[Any], bulk: Bulk, *, name: Callable[[Any], str] = str
    ) -> HttpResponse | None:
        """Return the page that asks first, or one that has nothing to do; None once these rows were confirmed."""
        if not rows.exists():
            nothing = f"Nothing was changed: among those chosen is no {bulk.one} to {bulk.verb.lower()}."
            messages.warning(request, nothing)
            return HttpResponseRedirect(request.get_full_path())
        back = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")
        return confirmation_page(request, rows, bulk, name=name, back=back)

    def _get_obj_does_not_exist_redirect(self, request: HttpRequest, opts: Any, object_id: str) -> HttpResponseRedirect:
        """Raise a 404: Django's message would keep what was asked for in the session."""
        raise Http404


class WrittenAdmin(StaffAdmin):
    """Rows that the product writes: staff look at them."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def _check_chosen(opts: Any, chosen: list[str]) -> None:
    for value in chosen:
        try:
            number = opts.pk.to_python(value)
        except ValidationError as error:
            raise BadAddressError from error
        if isinstance(number, int) and abs(number) > LARGEST_ID:
            raise BadAddressError

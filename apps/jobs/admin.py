"""Background work for staff: what waits, runs or is dead, and why; retried and cancelled through the services."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from unfold.decorators import display

from apps.jobs.models import Attempt, Job, Purge
from apps.jobs.selectors.attempts import MOST_SHOWN, attempts_of, faults
from apps.jobs.services.ledger.control import cancel_job, retry_job
from apps.platform.pages.bulk import Bulk
from apps.platform.pages.model_pages import WrittenAdmin
from apps.platform.pages.shell import actor_of
from apps.platform.services.audit import Action, record
from apps.platform.services.errors import EpicmlError
from apps.platform.services.formats import counted, duration

RETRY = Bulk(
    action="retry",
    verb="Retry",
    one="job",
    many="jobs",
    touches="the runners: these jobs wait to be run again, with all their attempts before them",
    undo="cancel them before they run",
)
CANCEL = Bulk(
    action="cancel",
    verb="Cancel",
    one="job",
    many="jobs",
    touches="the runners: what these jobs were to do is not done",
    undo="retry them; they go on from where they were",
)
COLOURS = {"Waiting": "info", "Running": "warning", "Done": "success", "Dead": "danger"}
OUTCOME_COLOURS = {
    "Done": "success",
    "Failed, tried again": "warning",
    "Failed for the last time": "danger",
    "Lost with its runner": "danger",
}
LATELY = timedelta(days=30)


class FaultFilter(admin.SimpleListFilter):
    """Jobs or attempts that failed by one fault: its type and place, the most frequent of the last month first."""

    title = "fault"
    parameter_name = "fault"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        now = timezone.now()
        lately = faults(now - LATELY, now)
        found = [(fault.fingerprint, f"{fault.fingerprint} ({fault.attempts:,})") for fault in lately]
        asked = self.used_parameters.get(self.parameter_name)
        known = {fingerprint for fingerprint, _ in found}
        return [*found, *([(str(asked), str(asked))] if asked and asked not in known else [])]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if not self.value():
            return queryset
        failed = Attempt.objects.filter(fingerprint=self.value())
        return queryset.filter(pk__in=failed.values("job_id" if queryset.model is Job else "pk"))


@admin.register(Job)
class JobAdmin(WrittenAdmin):
    """Rows are written by the product only; staff may retry and cancel."""

    list_display = ("id", "name", "shown_state", "age", "attempt", "progress", "next_run", "shown_error")
    list_filter = ("state", "name", FaultFilter)
    ordering = ("-id",)
    search_fields = ("=id", "name", "key")
    readonly_fields = ("attempts",)
    actions = ("retry", "cancel")

    @display(description="State", ordering="state", label=COLOURS)  # type: ignore[untyped-decorator]
    def shown_state(self, job: Job) -> str:
        return job.get_state_display()

    @admin.display(description="Age", ordering="created_at")
    def age(self, job: Job) -> str:
        return timesince(job.created_at, timezone.now(), depth=1)

    @admin.display(description="Progress")
    def progress(self, job: Job) -> str:
        share = f"{job.progress_done:,} of {job.progress_total:,}" if job.progress_total else ""
        return " · ".join(part for part in (share, job.progress_text) if part) or "–"

    @admin.display(description="Next run", ordering="run_at")
    def next_run(self, job: Job) -> datetime | None:
        return job.run_at if job.state == Job.State.QUEUED else None

    @admin.display(description="Last error")
    def shown_error(self, job: Job) -> str:
        return job.last_error or "–"

    @admin.display(description=f"Attempts (the newest {MOST_SHOWN})")
    def attempts(self, job: Job) -> SafeString:
        """Show where and when each attempt ran, how it ended, and what it cost."""
        labels = {"running": "Running", **dict(Attempt.Outcome.choices)}
        rows = [(attempt, labels[attempt.outcome]) for attempt in attempts_of(job.pk)]
        return render_to_string("jobs/attempts.html", {"attempts": rows, "most": MOST_SHOWN})

    @admin.action(description="Retry the chosen jobs…", permissions=["change_state"])
    def retry(self, request: HttpRequest, queryset: QuerySet[Job]) -> HttpResponse | None:
        ended = queryset.filter(state__in=[Job.State.DEAD, Job.State.CANCELLED])
        page = self.page_before(request, ended, RETRY)
        if page is None:
            _each(request, ended, retry_job, bulk=RETRY)
        return page

    @admin.action(description="Cancel the chosen jobs…", permissions=["change_state"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Job]) -> HttpResponse | None:
        unfinished = queryset.filter(state__in=[Job.State.QUEUED, Job.State.LEASED])
        page = self.page_before(request, unfinished, CANCEL)
        if page is None:
            _each(request, unfinished, cancel_job, bulk=CANCEL)
        return page

    def has_change_state_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("jobs.change_job")


@admin.register(Attempt)
class AttemptAdmin(WrittenAdmin):
    """What each attempt did and cost; it stays when its job is purged."""

    list_display = (
        "name",
        "job",
        "number",
        "shown_outcome",
        "host",
        "ended_at",
        "work",
        "lost",
        "fingerprint",
        "error",
    )
    list_filter = ("outcome", "name", FaultFilter)
    ordering = ("-id",)
    search_fields = ("=job_id", "name", "host")

    @admin.display(description="Job", ordering="job_id")
    def job(self, attempt: Attempt) -> SafeString:
        found = reverse("admin:jobs_job_changelist", query={"q": attempt.job_id})  # its own page may be gone
        return format_html('<a href="{}">#{}</a>', found, attempt.job_id)

    @display(description="Outcome", ordering="outcome", label=OUTCOME_COLOURS)  # type: ignore[untyped-decorator]
    def shown_outcome(self, attempt: Attempt) -> str:
        return attempt.get_outcome_display()

    @admin.display(description="Work", ordering="work_seconds")
    def work(self, attempt: Attempt) -> str:
        return duration(attempt.work_seconds)

    @admin.display(description="Lost", ordering="lost_seconds")
    def lost(self, attempt: Attempt) -> str:
        return duration(attempt.lost_seconds or None)


@admin.register(Purge)
class PurgeAdmin(WrittenAdmin):
    """What rules of retention erased, and what waits for a person; accepted by manage.py purge_events."""

    list_display = ("name", "shown_state", "rows", "total", "before", "at", "reason", "decided_by")
    list_filter = ("state", "name")
    ordering = ("-id",)

    @display(  # type: ignore[untyped-decorator]
        description="State", ordering="state", label={"Done": "success", "Waits for a person": "danger"}
    )
    def shown_state(self, purge: Purge) -> str:
        return purge.get_state_display()


def _each(request: HttpRequest, jobs: QuerySet[Job], act: Callable[..., Any], *, bulk: Bulk) -> None:
    count = 0
    for job in list(jobs):
        try:
            act(job.pk, now=timezone.now())
            count += 1
        except EpicmlError as error:
            messages.warning(request, error.message)
    if count:
        done = f"{bulk.verb}: {counted(count, 'job')}"
        record(Action.CHANGED_MANY, by=actor_of(request), about=done, now=timezone.now())
        messages.success(request, f"{done}.")

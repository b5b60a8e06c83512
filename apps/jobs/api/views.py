"""Background work over the API: see how far it is, retry it, cancel it."""

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from apps.jobs.api import schema
from apps.jobs.selectors.attempts import job_detail
from apps.jobs.selectors.jobs import job_row, job_rows
from apps.jobs.services.ledger.control import cancel_job, retry_job
from apps.platform.api.bounds import part_of_path, whole
from apps.platform.api.pagination import page_answer, page_of
from apps.platform.api.responses import json_response
from apps.platform.api.schema import refusal
from apps.platform.api.shapes import Query, read_query

JOB_ID = part_of_path("job_id", whole(1, 2**63 - 1), "The job's number.")


class JobListView(APIView):
    """All background work, newest first."""

    scopes = {"GET": "jobs:read"}

    @extend_schema(
        operation_id="list_jobs",
        parameters=[schema.JobsQuery],
        responses={200: schema.JobPage},
    )
    def get(self, request: Request) -> HttpResponse:
        """Background work, newest first."""
        asked = read_query(schema.JobsQuery, request)
        page = page_of(asked)
        rows, total = job_rows(state=asked.get("state"), name=asked.get("name"), start=page.start, stop=page.stop)
        return json_response(page_answer(rows, page=page, total=total))


class JobView(APIView):
    """One job: its state, progress, last error and attempts."""

    scopes = {"GET": "jobs:read"}

    @extend_schema(operation_id="get_job", parameters=[JOB_ID], responses={200: schema.JobDetail})
    def get(self, request: Request, job_id: int) -> HttpResponse:
        """One job: its state, progress, last error and attempts."""
        read_query(Query, request)
        return json_response(job_detail(job_id))


class RetryView(APIView):
    """Let a dead or cancelled job wait to be run again."""

    scopes = {"POST": "jobs:write"}

    @extend_schema(
        operation_id="retry_job",
        parameters=[JOB_ID],
        request=None,
        responses={
            200: schema.JobItem,
            409: refusal("The job is neither dead nor cancelled, or its work waits already under the same key."),
        },
    )
    def post(self, request: Request, job_id: int) -> HttpResponse:
        """Let a dead or cancelled job wait to be run again."""
        read_query(Query, request)
        retry_job(job_id, now=timezone.now())
        return json_response(job_row(job_id))


class CancelView(APIView):
    """Cancel a job that waits or runs."""

    scopes = {"POST": "jobs:write"}

    @extend_schema(
        operation_id="cancel_job",
        parameters=[JOB_ID],
        request=None,
        responses={200: schema.JobItem, 409: refusal("The job neither waits nor runs.")},
    )
    def post(self, request: Request, job_id: int) -> HttpResponse:
        """Cancel a job that waits or runs."""
        read_query(Query, request)
        cancel_job(job_id, now=timezone.now())
        return json_response(job_row(job_id))

"""Shapes of the API of jobs: queries are read by them, and answers are written from dataclasses (orjson)."""

from rest_framework import serializers

from apps.jobs.selectors.attempts import MOST_SHOWN, OUTCOMES
from apps.jobs.selectors.jobs import STATES
from apps.platform.api.pagination import LARGEST_PAGE, PageShape, PagesQuery
from apps.platform.api.strict import Choice, Text

LONGEST_NAME = 100


class JobsQuery(PagesQuery):
    """Which jobs, and which page of them."""

    state = Choice(STATES, required=False, help_text="Only jobs in this state.")
    name = Text(
        max_length=LONGEST_NAME, required=False, help_text="Only jobs of this name, such as search.apply_changes."
    )


class JobItem(serializers.Serializer[None]):
    """One piece of background work. Its arguments are not shown: they may name readers."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    key = serializers.CharField()
    state = serializers.ChoiceField(choices=STATES)
    attempt = serializers.IntegerField(min_value=0, help_text="How often it was begun since it was queued.")
    run_at = serializers.DateTimeField(help_text="Not before this moment, in UTC.")
    progress_done = serializers.IntegerField(min_value=0, help_text="Steps done; what a step is the job decides.")
    progress_total = serializers.IntegerField(min_value=0, help_text="Steps in all; 0: not known.")
    progress_text = serializers.CharField()
    last_error = serializers.CharField(help_text="Of the last attempt that failed, also once the job is done.")
    created_at = serializers.DateTimeField(help_text="In UTC.")
    started_at = serializers.DateTimeField(allow_null=True, help_text="Of the first attempt, in UTC.")
    finished_at = serializers.DateTimeField(allow_null=True, help_text="In UTC.")


class AttemptItem(serializers.Serializer[None]):
    """One attempt at a job."""

    number = serializers.IntegerField(min_value=0, help_text="Counted from when the job was queued or retried.")
    outcome = serializers.ChoiceField(choices=OUTCOMES)
    host = serializers.CharField(help_text="The machine it ran on; empty where that is not known.")
    owner = serializers.CharField(help_text="The process it ran in.")
    started_at = serializers.DateTimeField(help_text="In UTC.")
    ended_at = serializers.DateTimeField(
        allow_null=True, help_text="In UTC; of a lost attempt when that was found out. Null: it runs."
    )
    work_seconds = serializers.FloatField(
        min_value=0, help_text="Of a lost or running one as of its last sign of life."
    )
    lost_seconds = serializers.FloatField(
        min_value=0, help_text="Work after the last checkpoint, or the start, that a stop or a kill threw away."
    )
    fingerprint = serializers.CharField(help_text="Type and place of the error, the same for the same fault.")
    error = serializers.CharField()


class JobDetail(JobItem):
    """One piece of background work with its newest attempts."""

    attempts = serializers.ListField(
        child=AttemptItem(), max_length=MOST_SHOWN, help_text=f"The newest {MOST_SHOWN}, newest first."
    )


class JobPage(PageShape):
    """A page of jobs, newest first."""

    items = serializers.ListField(child=JobItem(), max_length=LARGEST_PAGE)

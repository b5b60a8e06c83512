"""Shapes of the API of jobs, for its documentation; answers are written from dataclasses (orjson)."""

from rest_framework import serializers

from apps.jobs.selectors.jobs import STATES
from apps.platform.api.pagination import LARGEST_PAGE, PageShape


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
    last_error = serializers.CharField()
    created_at = serializers.DateTimeField(help_text="In UTC.")
    started_at = serializers.DateTimeField(allow_null=True, help_text="Of the last attempt, in UTC.")
    finished_at = serializers.DateTimeField(allow_null=True, help_text="In UTC.")


class JobPage(PageShape):
    """A page of jobs, newest first."""

    items = serializers.ListField(child=JobItem(), max_length=LARGEST_PAGE)

"""Shapes of the API of jobs, for its documentation; answers are written from dataclasses (orjson)."""

from rest_framework import serializers

from apps.jobs.selectors.jobs import STATES


class JobItem(serializers.Serializer[None]):
    """One piece of background work. Its arguments are not shown: they may name readers."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    key = serializers.CharField()
    state = serializers.ChoiceField(choices=STATES)
    attempt = serializers.IntegerField()
    run_at = serializers.DateTimeField()
    progress_done = serializers.IntegerField()
    progress_total = serializers.IntegerField()
    progress_text = serializers.CharField()
    last_error = serializers.CharField()
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)


class JobPage(serializers.Serializer[None]):
    """A page of jobs, newest first."""

    items = JobItem(many=True)
    page = serializers.IntegerField()
    page_size = serializers.IntegerField()
    total = serializers.IntegerField()

"""Shapes of the API of releases, for its documentation; answers are written from dataclasses (orjson)."""

from rest_framework import serializers


class PromoteRequest(serializers.Serializer[None]):
    """Why this release is made live; where it was refused, the names of the refusals that are accepted."""

    why = serializers.CharField(max_length=500)
    accept = serializers.ListField(child=serializers.CharField(max_length=40), required=False, max_length=20)


class RollBackRequest(serializers.Serializer[None]):
    """Why, and to which release; without `to` it is the one that was live before the present one."""

    why = serializers.CharField(max_length=500)
    to = serializers.CharField(required=False, max_length=24)


class Refusal(serializers.Serializer[None]):
    """One thing that speaks against a release, and whether a person may accept it."""

    name = serializers.CharField()
    headline = serializers.CharField()
    text = serializers.CharField()
    acceptable = serializers.BooleanField()


class Acceptance(serializers.Serializer[None]):
    """A refusal that somebody accepted."""

    name = serializers.CharField()
    by = serializers.CharField()
    at = serializers.DateTimeField()
    why = serializers.CharField()


class ReleaseItem(serializers.Serializer[None]):
    """One release in the list."""

    kind = serializers.CharField()
    key = serializers.CharField()
    state = serializers.CharField()
    gate_passed = serializers.BooleanField(allow_null=True)
    gate_headline = serializers.CharField()
    gate_reason = serializers.CharField()
    sha256 = serializers.CharField()
    created_by = serializers.CharField()
    why = serializers.CharField()
    error = serializers.CharField()
    created_at = serializers.DateTimeField()
    promoted_at = serializers.DateTimeField(allow_null=True)
    retired_at = serializers.DateTimeField(allow_null=True)
    job_id = serializers.IntegerField(allow_null=True)
    refusals = Refusal(many=True)
    accepted = Acceptance(many=True)


class ReleasePage(serializers.Serializer[None]):
    """A page of releases, newest first."""

    items = ReleaseItem(many=True)
    page = serializers.IntegerField()
    page_size = serializers.IntegerField()
    total = serializers.IntegerField()


class ReleaseSteps(serializers.Serializer[None]):
    """One step of a release's life."""

    name = serializers.CharField()
    state = serializers.CharField()
    at = serializers.DateTimeField(allow_null=True)
    text = serializers.CharField()


class ReleaseAnswer(ReleaseItem):
    """A release with its report, gate, decisions and history."""

    live = serializers.CharField(allow_null=True)
    compared_with = serializers.CharField(allow_null=True)
    why_not_promotable = serializers.CharField(allow_null=True)
    to_accept = serializers.ListField(child=serializers.CharField())
    manifest = serializers.JSONField()
    findings = serializers.ListField(child=serializers.JSONField())
    report = serializers.JSONField()
    gate_results = serializers.ListField(child=serializers.JSONField())
    steps = ReleaseSteps(many=True)
    decisions = serializers.ListField(child=serializers.JSONField())
    live_history = serializers.ListField(child=serializers.JSONField())

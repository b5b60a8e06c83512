"""Shapes of the API of releases, for its documentation; answers are written from dataclasses (orjson)."""

from rest_framework import serializers

from apps.platform.api.bounds import Text
from apps.platform.api.pagination import LARGEST_PAGE, PageShape

KIND_FORM = r"[a-z_]{1,32}"
KEY_FORM = r"[0-9]{4}-[0-9]{2}-[0-9]{2}\.[0-9]{1,6}"
LONGEST_KIND = 32
LONGEST_KEY = 17
STATES = [
    "building",
    "refused_by_audit",
    "built",
    "evaluated",
    "passed",
    "refused",
    "live",
    "retired",
    "failed",
]
LONGEST_REASON = 500


class PromoteRequest(serializers.Serializer[None]):
    """Why this release is made live."""

    why = Text(max_length=LONGEST_REASON)


class RollBackRequest(serializers.Serializer[None]):
    """Why, and to which release; without `to` it is the one that was live before the present one."""

    why = Text(max_length=LONGEST_REASON)
    to = Text(pattern=KEY_FORM, min_length=1, max_length=LONGEST_KEY, required=False, allow_null=True)


class ReleaseItem(serializers.Serializer[None]):
    """One release in the list."""

    kind = Text(pattern=KIND_FORM, min_length=1, max_length=LONGEST_KIND)
    key = Text(pattern=KEY_FORM, min_length=1, max_length=LONGEST_KEY)
    state = serializers.ChoiceField(STATES)
    gate_passed = serializers.BooleanField(allow_null=True)
    gate_headline = serializers.CharField()
    gate_reason = serializers.CharField()
    sha256 = serializers.CharField()
    created_by = serializers.CharField()
    why = serializers.CharField()
    error = serializers.CharField()
    created_at = serializers.DateTimeField(help_text="In UTC.")
    promoted_at = serializers.DateTimeField(allow_null=True, help_text="When it was last made live, in UTC.")
    retired_at = serializers.DateTimeField(allow_null=True, help_text="In UTC.")
    job_id = serializers.IntegerField(allow_null=True)


class ReleasePage(PageShape):
    """A page of releases, newest first."""

    items = serializers.ListField(child=ReleaseItem(), max_length=LARGEST_PAGE)


class ReleaseSteps(serializers.Serializer[None]):
    """One step of a release's life."""

    name = serializers.CharField()
    state = serializers.CharField()
    at = serializers.DateTimeField(allow_null=True, help_text="In UTC.")
    text = serializers.CharField()


class ReleaseAnswer(ReleaseItem):
    """A release with its report, gate, decisions and history."""

    live = serializers.CharField(allow_null=True)
    compared_with = serializers.CharField(allow_null=True)
    why_not_promotable = serializers.CharField(allow_null=True)
    manifest = serializers.JSONField()
    findings = serializers.ListField(child=serializers.JSONField())
    report = serializers.JSONField()
    gate_results = serializers.ListField(child=serializers.JSONField())
    steps = ReleaseSteps(many=True)
    decisions = serializers.ListField(child=serializers.JSONField())
    live_history = serializers.ListField(child=serializers.JSONField())

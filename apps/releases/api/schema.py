"""Shapes of the API of releases: what is sent is read by them, and answers are written from dataclasses (orjson)."""

from rest_framework import serializers

from apps.platform.api.pagination import LARGEST_PAGE, PageShape, PagesQuery
from apps.platform.api.shapes import Body
from apps.platform.api.strict import Several, Text

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
LONGEST_NAME, MOST_NAMES = 40, 20


class ReleasesQuery(PagesQuery):
    """Which releases, and which page of them."""

    kind = Text(
        pattern=KIND_FORM,
        min_length=1,
        max_length=LONGEST_KIND,
        required=False,
        help_text="Only this kind: search_index or recommender.",
    )


class PromoteRequest(Body):
    """Why this release is made live; where it was refused, the names of the refusals that are accepted."""

    why = Text(max_length=LONGEST_REASON)
    accept = Several(
        child=Text(min_length=1, max_length=LONGEST_NAME), required=False, allow_null=True, max_length=MOST_NAMES
    )


class RollBackRequest(Body):
    """Why, and to which release; without `to` it is the one that was live before the present one."""

    why = Text(max_length=LONGEST_REASON)
    to = Text(pattern=KEY_FORM, min_length=1, max_length=LONGEST_KEY, required=False, allow_null=True)


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
    refusals = Refusal(many=True)
    accepted = Acceptance(many=True)


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
    to_accept = serializers.ListField(child=serializers.CharField())
    manifest = serializers.JSONField()
    findings = serializers.ListField(child=serializers.JSONField())
    report = serializers.JSONField()
    gate_results = serializers.ListField(child=serializers.JSONField())
    steps = ReleaseSteps(many=True)
    decisions = serializers.ListField(child=serializers.JSONField())
    live_history = serializers.ListField(child=serializers.JSONField())

"""What readers did, and what clients showed them, reported in batches."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from apps.events.api import schema
from apps.events.services.checking import sent_id
from apps.events.services.ingest import Outcome, Sender, ingest
from apps.events.services.reported_lists import ListOutcome, report_lists
from apps.platform.api.authentication import key_of
from apps.platform.api.responses import json_response
from apps.platform.api.shapes import Body, read_body
from apps.platform.api.throttling import count_events


class EventsView(APIView):
    """Store events; each is answered for itself, and one that is wrong stops no other."""

    scopes = {"POST": "events:write"}

    @extend_schema(operation_id="send_events", request=schema.EventBatch, responses={200: schema.EventOutcomes})
    def post(self, request: Request) -> HttpResponse:
        """Store events; each is answered for itself, and one that is wrong stops no other."""
        items, sender = _batch(request, schema.EventBatch, "events")
        return json_response(_answer(items, ingest(items, sender=sender, now=timezone.now())))


class ListsView(APIView):
    """Store the lists that a client shows by itself, so that its events can name them."""

    scopes = {"POST": "events:write"}

    @extend_schema(operation_id="send_lists", request=schema.ListBatch, responses={200: schema.ListOutcomes})
    def post(self, request: Request) -> HttpResponse:
        """Store lists that the client showed by itself; each is answered for itself, under the id for its events.

        Lists in our own answers are stored already. Each list counts as an event in the limits of events.
        """
        items, sender = _batch(request, schema.ListBatch, "lists")
        outcomes = report_lists(items, sender=sender, now=timezone.now())
        return json_response({"items": outcomes, **_counts(outcomes)})


def _batch(request: Request, shape: type[Body], name: str) -> tuple[list[Any], Sender]:
    """Read what was sent and by whom, and count it in the sender's limit of events."""
    items = read_body(shape, request, apart=name)[name]
    key = key_of(request)
    count_events(request, key, events=len(items))
    return items, Sender.of_key(key.id, key.standing)


def _answer(items: Sequence[Any], outcomes: Sequence[Outcome]) -> dict[str, Any]:
    return {
        "items": [
            {
                "event_id": sent_id(item, "event_id"),
                "status": outcome.status,
                "reason": outcome.reason,
                "field": outcome.field,
            }
            for item, outcome in zip(items, outcomes, strict=True)
        ],
        **_counts(outcomes),
    }


def _counts(outcomes: Sequence[Outcome | ListOutcome]) -> dict[str, int]:
    counts = Counter(outcome.status for outcome in outcomes)
    return {status: counts[status] for status in ("stored", "duplicate", "refused")}

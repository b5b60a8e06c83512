"""The first page of the staff site."""

from typing import Any

from django.http import HttpRequest


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """What is live, and what waits for a person."""
    return {**context, "title": "Overview"}

"""What must be right before the product starts. Run by every command, `serve` among them."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.conf import settings
from django.core import checks
from django.urls import URLPattern, URLResolver, get_resolver


@checks.register()
def elasticsearch_is_not_there(**_: Any) -> list[checks.CheckMessage]:
    """Refuse the address of a server that would be ignored: this version searches in its own process only."""
    if not settings.ELASTICSEARCH_URL:
        return []
    return [
        checks.Error(
            "ELASTICSEARCH_URL is set, but this version has no Elasticsearch engine yet.",
            hint="Unset it: search runs in process.",
            id="platform.E001",
        )
    ]


@checks.register(checks.Tags.urls)
def views_name_their_scopes(**_: Any) -> list[checks.CheckMessage]:
    """Refuse an API view with a method that needs no scope and does not say that anybody may call it."""
    from rest_framework.views import APIView  # here: DRF reads settings that name this project's classes

    return [
        checks.Error(f"{view.__name__} does not say which scope {method} needs.", id="platform.E002")
        for view in _views(get_resolver().url_patterns)
        if issubclass(view, APIView)
        for method in _methods_without_scope(view)
    ]


def _methods_without_scope(view: type[Any]) -> list[str]:
    if not any(getattr(permission, "needs_scopes", False) for permission in view.permission_classes):
        return []
    methods = [name.upper() for name in ("get", "post", "put", "patch", "delete") if hasattr(view, name)]
    return [method for method in methods if method not in getattr(view, "scopes", {})]


def _views(patterns: Sequence[URLPattern | URLResolver]) -> Iterator[type[Any]]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _views(pattern.url_patterns)
        else:
            yield getattr(pattern.callback, "cls", object)

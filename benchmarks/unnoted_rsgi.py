"""The application whose recommendations are noted nowhere, to measure what noting costs. No setting does that."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from config.rsgi import application  # first: it sets Django up

from apps.recommendations.services import answers  # isort: skip

answers._note = lambda *_, **__: None  # noqa: SLF001 - only here can noting be turned off

__all__ = ["application"]

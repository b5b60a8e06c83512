"""The application with the benchmark's URLs: the same settings, middleware and front, one view more."""

import os

from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
settings.ROOT_URLCONF = "benchmarks.suggest_urls"

from config.rsgi import application  # noqa: E402 - the URLs must be set before the application is made

__all__ = ["application"]

"""The background part of the product with the sample jobs, for child processes of a test: they start in a second."""

from config.settings import *  # noqa: F403

INSTALLED_APPS = [
    "apps.platform",
    "apps.jobs",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "axes",
    "tests.apps.jobs.sample",
]

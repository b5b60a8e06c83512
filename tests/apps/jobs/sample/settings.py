"""The product with the sample jobs, for child processes of a test."""

from config.settings import *  # noqa: F403
from config.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.apps.jobs.sample"]

"""The product's settings with one view more, for a child process."""

from config.settings import *  # noqa: F403

ROOT_URLCONF = "tests.apps.platform.services.loud"

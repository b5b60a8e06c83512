"""The Celery app: settings that survive spot machines (see docs/adr). Work is put in by apps.jobs, never by .delay()."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
app = Celery("epicml")
app.autodiscover_tasks()

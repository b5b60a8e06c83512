"""The WSGI application, warm: what the first request would have to import is imported before it comes."""

import os

# Before the settings are read: a request waits for its database for seconds, a job for as long as it takes.
os.environ["EPICML_ROLE"] = "web"

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from apps.platform.services.lifecycle import warm_up
from config import environment, settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
environment.share_metrics(settings.VAR_DIR)
# Before anything imports numpy: threads of its own only wait for each other beside many requests. Recommendations on
# 2 cores: p99 97 ms with one, 110 ms with its default.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
application = get_wsgi_application()

# The URLconf imports every view and, with them, REST framework: 1.6 s of the first request without this line.
get_resolver().url_patterns  # noqa: B018
# The books, the index and the model: without this line 35 of the first 96 suggestions of a process came without them.
warm_up()

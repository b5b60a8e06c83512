"""What granian serves: the WSGI application behind a front that no slow client can hold."""

import os

from config.wsgi import application as wsgi_application  # first: it says where metrics are counted

from django.conf import settings  # isort: skip

from apps.platform.api.front.bodies import BodyRules
from apps.platform.api.front.lanes import Lane
from apps.platform.api.front.server import Front, Lanes

# Measured on 2 cores: more only wait for Python's lock (suggestions: p99 13 ms with 3, 19 ms with 5, no more of them).
# Each thread keeps a database connection, and PostgreSQL has 100.
READ_THREADS = min(8, (os.cpu_count() or 1) + 1)

application = Front(
    wsgi_application,
    lanes=Lanes(
        reads=Lane("read", threads=READ_THREADS, waiting=512),
        writes=Lane("write", threads=2, waiting=256),
        pages=Lane("page", threads=2, waiting=64),
        log_ins=Lane("log-in", threads=1, waiting=8),
        monitors=Lane("monitor", threads=1, waiting=16),
    ),
    rules=BodyRules(largest=settings.DATA_UPLOAD_MAX_MEMORY_SIZE),
)

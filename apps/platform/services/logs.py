"""Which request a line of the log belongs to, and nothing in it of who asked."""

import logging
from contextvars import ContextVar

request_id: ContextVar[str] = ContextVar("request_id", default="-")


class RequestIdFilter(logging.Filter):
    """Every record says in `request_id` which request was being answered, "-" outside of one."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id.get()
        return True


class RouteFilter(logging.Filter):
    """Django's lines about a request that failed name the pattern of its address: the address may name a reader."""

    def filter(self, record: logging.LogRecord) -> bool:
        request = getattr(record, "request", None)
        if record.name == "django.request" and request is not None and isinstance(record.args, tuple):
            match = getattr(request, "resolver_match", None)
            route = match.route if match is not None else "an address that is not there"
            record.args = (*record.args[:-1], route)
        return True

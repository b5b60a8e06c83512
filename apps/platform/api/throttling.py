"""How much a key, or an address without a key, may ask and report in a minute."""

import math
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from apps.platform.selectors.api_keys import KeyRecord
from apps.platform.services.addresses import address_of
from apps.platform.services.throttle import shared_throttle


class KeyThrottle(BaseThrottle):
    """Counts a server key as one client, and a public key or no key by the address that asks."""

    _wait = 0.0

    def allow_request(self, request: Request, view: Any) -> bool:
        key = request.auth
        bucket, limit = _of_key(request, key) if isinstance(key, KeyRecord) else _of_address(request)
        self._wait = shared_throttle().take(bucket, limit=limit, now=timezone.now())
        return self._wait == 0.0

    def wait(self) -> float:
        return math.ceil(self._wait)


def count_refusal(request: Request) -> None:
    """Count a key that is not known for the address that tries it, so that nobody can try keys without end.

    REST framework throttles only requests that are authenticated or need not be.

    Raises:
        Throttled: this address has used up what it may ask without a key.
    """
    bucket, limit = _of_address(request)
    wait = shared_throttle().take(bucket, limit=limit, now=timezone.now())
    if wait:
        raise Throttled(math.ceil(wait))


def count_refusal_of_key(request: Request, key: KeyRecord) -> None:
    """Count a request that a known key is refused at the door as one that it is answered.

    Raises:
        Throttled: the key has used up what it may ask.
    """
    bucket, limit = _of_key(request, key)
    wait = shared_throttle().take(bucket, limit=limit, now=timezone.now())
    if wait:
        raise Throttled(math.ceil(wait))


def count_events(request: Request, key: KeyRecord, *, events: int) -> None:
    """Count each event of a batch, before anything of it is stored.

    A server key counts as one client, and that only where it has a limit of its own. Of a public key each address
    counts for itself, for all who open a page share the key, and so does each reader, at whatever addresses.

    Raises:
        Throttled: the batch goes beyond a limit; nothing of it was counted.
    """
    taken: list[tuple[str, int]] = []
    for bucket, limit, whose in _event_limits(request, key):
        wait = shared_throttle().take(bucket, limit=limit, now=timezone.now(), amount=events)
        if wait:
            for other, amount in taken:
                shared_throttle().give_back(other, amount=amount, now=timezone.now())
            fewer = " Send fewer at once." if events > limit else ""
            detail = f"{whose} may send {limit:,} events a minute; nothing of these {events:,} was stored.{fewer}"
            raise Throttled(math.ceil(wait), detail)
        taken.append((bucket, events))


def _event_limits(request: Request, key: KeyRecord) -> list[tuple[str, int, str]]:
    """Return the counters that events of this request count in, each with its limit and whose it is."""
    if not key.public:
        return [(f"events:{key.id}", key.events_per_minute, "This key")] if key.events_per_minute else []
    limit = key.events_per_minute or settings.THROTTLE_PUBLIC_EVENTS
    address = f"events:{key.id}:{_pseudonym(request)}"
    if key.standing.proof is None:  # apart: who proves nothing must not use up what the readers of a class share
        return [(f"{address}:unproven", limit, "One address")]
    reader = salted_hmac("apps.platform.throttle.reader", str(key.standing.proof.reader_id)).hexdigest()[:32]
    return [
        (address, limit, "One address"),
        (f"events:reader:{reader}", settings.THROTTLE_READER_EVENTS, "One reader"),
    ]


def client_address(request: Request | HttpRequest) -> str:
    """Return who asks: the address that the outermost trusted proxy saw, else the one that is connected."""
    return address_of(request.META, proxies=settings.NUM_PROXIES)


def _of_key(request: Request, key: KeyRecord) -> tuple[str, int]:
    limit = key.requests_per_minute or (settings.THROTTLE_PUBLIC if key.public else settings.THROTTLE_SERVER)
    return (f"key:{key.id}:{_pseudonym(request)}" if key.public else f"key:{key.id}"), limit


def _of_address(request: Request) -> tuple[str, int]:
    return f"address:{_pseudonym(request)}", settings.THROTTLE_ANONYMOUS


def _pseudonym(request: Request) -> str:
    """Hash the address under a key: it belongs to a person, so the counter does not have it itself."""
    return salted_hmac("apps.platform.throttle", client_address(request)).hexdigest()[:32]

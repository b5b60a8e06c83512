"""Who asks the API, as the audit names them."""

from rest_framework.request import Request

from apps.platform.api.throttling import client_address
from apps.platform.selectors.api_keys import KeyRecord
from apps.platform.services.addresses import UNKNOWN
from apps.platform.services.audit import Actor


def actor_of(request: Request) -> Actor:
    """The key by its number and name, and the address it was used from."""
    address, key = client_address(request), request.auth
    name = f"key {key.id} ({key.name})" if isinstance(key, KeyRecord) else "nobody"
    return Actor(name, None if address == UNKNOWN else address)

"""Who asks for a page, as the audit names them."""

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.http import HttpRequest

from apps.platform.services.addresses import UNKNOWN, address_of
from apps.platform.services.audit import Actor


def actor_of(request: HttpRequest, user: AbstractBaseUser | None = None) -> Actor:
    """The member of staff who is logged in, or the one given, and the address it came from."""
    who = user or getattr(request, "user", None)
    address = address_of(request.META, proxies=settings.NUM_PROXIES)
    name = f"staff {who.get_username()}" if who is not None and who.get_username() else ""
    return Actor(name, None if address == UNKNOWN else address)

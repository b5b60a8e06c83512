"""How much a key, or an address without a key, may ask in a minute."""

from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView


class KeyThrottle(BaseThrottle):
    """Lets everything through until the shared counter is there."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        return True

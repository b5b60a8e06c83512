"""From where a client asks, as everything that counts or records by address knows it."""

from collections.abc import Mapping
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

IPV6_CLIENT_BITS = 64  # what one subscriber gets: by single addresses a limit would never be reached
UNKNOWN = "unknown"


def address_of(meta: Mapping[str, Any], *, proxies: int) -> str:
    """Return the address that the outermost trusted proxy saw, else the one that is connected; "unknown" without any.

    Of an IPv6 address it is the network of one subscriber.
    """
    address = meta.get("REMOTE_ADDR", "")
    forwarded = meta.get("HTTP_X_FORWARDED_FOR", "") if proxies else ""
    if forwarded:
        hops = forwarded.split(",")
        address = hops[-min(proxies, len(hops))].strip()
    return _network(address)


def _network(address: str) -> str:
    try:
        known = ip_address(address)
    except ValueError:
        return UNKNOWN
    if isinstance(known, IPv6Address) and known.ipv4_mapped is None:
        return str(ip_network((int(known), IPV6_CLIENT_BITS), strict=False).network_address)
    return str(getattr(known, "ipv4_mapped", None) or known)

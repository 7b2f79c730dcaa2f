"""Which addresses a call from inside may reach: public ones, in whatever spelling they came."""

import ipaddress
from collections.abc import Iterator

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# Beside what `ipaddress` calls not global. Some releases of Python call parts of these global.
_REFUSED = tuple(
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8",
        "100.64.0.0/10",  # shared address space of carriers; some clouds keep metadata there
        "169.254.0.0/16",  # link-local, metadata of most clouds
        "192.0.0.0/24",
        "192.88.99.0/24",  # the way to 6to4 relays
        "198.18.0.0/15",
        "240.0.0.0/4",
        "fe80::/10",
        "fec0::/10",
        "fc00::/7",
        "2001:db8::/32",
        "3fff::/20",
        "5f00::/16",
        "100::/64",
    )
)
_NAT64 = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("64:ff9b:1::/48"))
_V4_COMPATIBLE = ipaddress.IPv6Network("::/96")
_LOW_32_BITS = 0xFFFF_FFFF


def is_public(address: Address) -> bool:
    """Tell whether an address, and each that is wrapped in it, belongs to the public internet."""
    return all(_is_public(one) for one in _unwrap(address))


def _is_public(address: Address) -> bool:
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    return not any(address in network for network in _REFUSED)


def _unwrap(address: Address) -> Iterator[Address]:
    """Yield the address that counts, or the ones that its wrapping hides."""
    if not isinstance(address, ipaddress.IPv6Address):
        yield address
        return
    if address.ipv4_mapped is not None:
        yield address.ipv4_mapped
        return
    if address in _V4_COMPATIBLE:
        yield ipaddress.IPv4Address(int(address) & _LOW_32_BITS)
        return
    if any(address in network for network in _NAT64):
        yield ipaddress.IPv4Address(int(address) & _LOW_32_BITS)
        return
    yield address
    if address.sixtofour is not None:
        yield address.sixtofour
    if address.teredo is not None:
        yield from address.teredo

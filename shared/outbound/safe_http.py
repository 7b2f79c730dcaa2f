"""The one client for addresses that a caller names: it reaches the public internet and no more.

A name is resolved once, every address it has is checked, and the connection goes to a checked
address itself, so a name that answers differently the second time gains nothing. Each redirect is
checked anew. Proxies of the environment are not used, cookies not kept, bodies not decompressed.
"""

import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
from typing import Any

import httpcore
import httpx

from shared.outbound.limits import MAX_URL_CHARACTERS
from shared.outbound.public_address import Address, is_public

MAX_REDIRECTS = 3
_READ_S = 5.0
_CONNECT_S = 5.0
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_OK = 200
_AGENT = b"Atelier"

Resolve = Callable[[str, int], Sequence[str]]


class OutboundRefused(Exception):
    """The address is not one that a call may go to; the message says why, and names no address."""


class OutboundFailed(Exception):
    """The call was allowed and brought nothing usable; the message says what went wrong."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much of a call is borne.

    Attributes:
        total_s: From the first name lookup to the last byte, all redirects included.
    """

    max_bytes: int
    total_s: float


def resolve(host: str, port: int) -> list[str]:
    """Return every address that a name or a spelling of an address stands for."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(info[4][0]) for info in found))


class SafeHttp:
    """Fetches by GET from public addresses.

    Args:
        allowed_hosts: Names that may be private and may be asked by plain http.
        find_addresses: Looks a name up; `resolve`, but in tests of names that do not exist.
        tls: What certificates are checked against.
    """

    def __init__(
        self,
        allowed_hosts: Collection[str] = (),
        find_addresses: Resolve = resolve,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._allowed = frozenset(host.lower().rstrip(".") for host in allowed_hosts)
        self._find_addresses = find_addresses
        self._tls = tls or httpcore.default_ssl_context()
        self._lookups = ThreadPoolExecutor(4, thread_name_prefix="lookup")

    def close(self) -> None:
        """Wait for no lookup that is under way."""
        self._lookups.shutdown(wait=False, cancel_futures=True)

    def fetch(self, url: str, bounds: Bounds) -> bytes:
        """Return what lies at `url`.

        Raises:
            OutboundRefused: `url`, or one that it redirects to, may not be reached.
            OutboundFailed: It does not answer, or with an error, too much or too slowly.
        """
        ends_s = time.monotonic() + bounds.total_s
        for _hop in range(MAX_REDIRECTS + 1):
            target = self._check_url(url)
            answer = self._get(target, bounds.max_bytes, ends_s)
            if isinstance(answer, bytes):
                return answer
            try:
                url = str(target.join(answer.location))
            except httpx.InvalidURL as error:
                raise OutboundFailed("it redirects to what is not a URL") from error
        raise OutboundFailed(f"it redirects more than {MAX_REDIRECTS} times")

    def _check_url(self, url: str) -> httpx.URL:
        """Read a URL.

        Raises:
            OutboundRefused: It is no URL, or not of a kind that is fetched.
        """
        if len(url) > MAX_URL_CHARACTERS:
            raise OutboundRefused(f"it is longer than {MAX_URL_CHARACTERS} characters")
        try:
            target = httpx.URL(url)
        except (httpx.InvalidURL, ValueError, UnicodeError) as error:
            raise OutboundRefused("it is not a URL") from error
        if target.userinfo:
            raise OutboundRefused("it carries a user name")
        if not target.host:
            raise OutboundRefused("it names no host")
        if target.scheme != "https" and not (target.scheme == "http" and self._is_allowed(target)):
            raise OutboundRefused("it is not https")
        return target

    def _is_allowed(self, target: httpx.URL) -> bool:
        return target.host.lower().rstrip(".") in self._allowed

    def _get(self, target: httpx.URL, max_bytes: int, ends_s: float) -> "bytes | _Redirect":
        """Ask once.

        Raises:
            OutboundRefused: The host has an address that may not be reached.
            OutboundFailed: It does not answer, or not as it should.
        """
        port = target.port or (443 if target.scheme == "https" else 80)
        where = httpcore.URL(
            scheme=target.raw_scheme,
            host=target.raw_host,
            port=port,
            target=target.raw_path,
        )
        backend = _PinnedBackend(self._check_host(target, port, ends_s), ends_s)
        try:
            with (
                httpcore.ConnectionPool(
                    ssl_context=self._tls, network_backend=backend, retries=0
                ) as pool,
                pool.stream("GET", where, headers=_headers(target)) as response,
            ):
                return _read(response, max_bytes, ends_s)
        except httpcore.TimeoutException as error:
            raise OutboundFailed("it does not answer in time") from error
        except (httpcore.NetworkError, httpcore.ProtocolError, ssl.SSLError) as error:
            raise OutboundFailed(f"the connection failed: {type(error).__name__}") from error

    def _check_host(self, target: httpx.URL, port: int, ends_s: float) -> list[str]:
        """Return the addresses of a host.

        Raises:
            OutboundRefused: One of them is not public.
            OutboundFailed: It has none.
        """
        lookup: Future[Sequence[str]] = self._lookups.submit(
            self._find_addresses, target.host, port
        )
        try:
            addresses = list(lookup.result(timeout=max(0.0, ends_s - time.monotonic())))
        except FutureTimeout as error:
            raise OutboundFailed("its name cannot be looked up in time") from error
        except (OSError, UnicodeError) as error:
            raise OutboundFailed("its name is not known") from error
        if not self._is_allowed(target) and not all(is_public(_parse(one)) for one in addresses):
            raise OutboundRefused("it is not on the public internet")
        if not addresses:
            raise OutboundFailed("its name is not known")
        return addresses


@dataclass(frozen=True, slots=True)
class _Redirect:
    location: str


class _PinnedBackend(httpcore.NetworkBackend):
    """Connects to addresses that were checked, whatever name is asked for."""

    def __init__(self, addresses: Iterable[str], ends_s: float) -> None:
        self._addresses = list(addresses)
        self._ends_s = ends_s
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,  # noqa: ARG002 - it was looked up before, once
        port: int,
        timeout: object = None,  # noqa: ARG002 - the call's own end decides
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first address that answers.

        Raises:
            httpcore.ConnectTimeout: None does in time.
            httpcore.ConnectError: None does.
        """
        last: Exception = httpcore.ConnectTimeout()
        for address in self._addresses:
            left_s = self._ends_s - time.monotonic()
            if left_s <= 0:
                break
            try:
                stream = self._sockets.connect_tcp(
                    address, port, min(left_s, _CONNECT_S), local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                last = error
            else:
                return _HurriedStream(stream, self._ends_s)
        raise last

    def connect_unix_socket(self, *_args: object, **_kwargs: object) -> httpcore.NetworkStream:
        """Refuse: no URL leads to one.

        Raises:
            OutboundRefused: Always.
        """
        raise OutboundRefused("it is not on the public internet")


class _HurriedStream(httpcore.NetworkStream):
    """A stream whose every wait ends with the call, so that a drip of bytes cannot prolong it."""

    def __init__(self, stream: httpcore.NetworkStream, ends_s: float) -> None:
        self._stream = stream
        self._ends_s = ends_s

    def read(self, max_bytes: int, timeout: object = None) -> bytes:  # noqa: ARG002
        """Read what comes, for as long as the call has left."""
        return self._stream.read(max_bytes, self._left_s())

    def write(self, buffer: bytes, timeout: object = None) -> None:  # noqa: ARG002
        """Write all, for as long as the call has left."""
        self._stream.write(buffer, self._left_s())

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: object = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:
        """Encrypt, and check the certificate against the name in the URL."""
        stream = self._stream.start_tls(ssl_context, server_hostname, self._left_s())
        return _HurriedStream(stream, self._ends_s)

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - as in the base class
        """Return what the stream knows."""
        return self._stream.get_extra_info(info)

    def _left_s(self) -> float:
        """Return how long a wait may be.

        Raises:
            httpcore.ReadTimeout: The call has no time left.
        """
        left_s = self._ends_s - time.monotonic()
        if left_s <= 0:
            raise httpcore.ReadTimeout
        return min(left_s, _READ_S)


def _headers(target: httpx.URL) -> list[tuple[bytes, bytes]]:
    return [
        (b"Host", target.netloc),
        (b"User-Agent", _AGENT),
        (b"Accept", b"image/*"),
        (b"Accept-Encoding", b"identity"),
        (b"Connection", b"close"),
    ]


def _read(response: httpcore.Response, max_bytes: int, ends_s: float) -> bytes | _Redirect:
    """Return the body, or where to go instead.

    Raises:
        OutboundFailed: It is an error, too large or too slow.
    """
    if response.status in _REDIRECTS:
        headers = {name.lower(): value for name, value in response.headers}
        location = headers.get(b"location", b"")
        if not location:
            raise OutboundFailed("it redirects to nowhere")
        return _Redirect(location.decode("latin-1"))
    if response.status != _OK:
        raise OutboundFailed(f"it answers with status {response.status}")
    body = bytearray()
    for chunk in response.iter_stream():
        body += chunk
        if len(body) > max_bytes:
            raise OutboundFailed(f"it is larger than {max_bytes:,} bytes")
        if time.monotonic() > ends_s:
            raise OutboundFailed("it does not answer in time")
    return bytes(body)


def _parse(address: str) -> Address:
    return ipaddress.ip_address(address.partition("%")[0])

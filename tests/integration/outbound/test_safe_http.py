"""The client for addresses that callers name: nothing private is ever reached by it."""

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from shared.outbound.safe_http import (
    MAX_REDIRECTS,
    Bounds,
    OutboundFailed,
    OutboundRefused,
    SafeHttp,
)

BOUNDS = Bounds(max_bytes=10_000, total_s=10)
PUBLIC = "93.184.215.14"

# Every spelling must be refused without one byte on the wire; {port} is a listener's.
_ROWS = (
    "127.0.0.1 127.1 127.0.1 127.255.255.254 0177.0.0.1 0x7f.0.0.1 0x7f000001 2130706433",
    "017700000001 127.0.0.1. 0 0.0.0.0 0x0 localhost localhost. LOCALHOST ip6-localhost",
    "①②⑦.⓪.⓪.① 127。0。0。1 127\uff0e0\uff0e0\uff0e1",
    "[::1] [::] [0:0:0:0:0:0:0:1] [::ffff:127.0.0.1] [::ffff:7f00:1] [0:0:0:0:0:ffff:127.0.0.1]",
    "[::127.0.0.1] [64:ff9b::7f00:1] [64:ff9b::169.254.169.254] [64:ff9b:1::a00:1] [2002:7f00:1::]",
    "[2002:a9fe:a9fe::] [fe80::1] [fc00::1] [fd00:ec2::254] [fec0::1] [ff02::1] [2001:db8::1]",
    "10.0.0.1 10.1 172.16.0.1 192.168.0.1 192.168.257 169.254.169.254 0xa9fea9fe 2852039166",
    "169.254.170.2 100.64.0.1 100.100.100.200 192.0.0.192 198.18.0.1 224.0.0.1 255.255.255.255",
    "240.0.0.1 0xffffffff",
)
SPELLINGS = " ".join(_ROWS).split()


class Listener:
    """Counts who comes, and answers as it is told."""

    def __init__(self) -> None:
        self.num_connections = 0
        self.answer: Callable[[BaseHTTPRequestHandler], None] = _hello
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def setup(self) -> None:
                listener.num_connections += 1
                super().setup()

            def do_GET(self) -> None:
                with contextlib.suppress(OSError):  # who asked may have gone
                    listener.answer(self)

            def log_message(self, *_args: object) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.url = f"http://localhost:{self.port}"


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener()
    thread = threading.Thread(target=made.server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


@pytest.fixture
def careful() -> Iterator[SafeHttp]:
    client = SafeHttp()
    yield client
    client.close()


@pytest.fixture
def friendly() -> Iterator[SafeHttp]:
    """May reach `localhost`, so that a test can answer."""
    client = SafeHttp(allowed_hosts=["LocalHost."], find_addresses=_find_loopback)
    yield client
    client.close()


@pytest.fixture
def proxied(listener: Listener) -> Iterator[None]:
    """An environment that would send every call to the listener."""
    names = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")
    before = dict(os.environ)
    os.environ.update(dict.fromkeys(names, f"http://127.0.0.1:{listener.port}"))
    yield
    os.environ.clear()
    os.environ.update(before)


def test_the_list_is_long() -> None:
    assert len(set(SPELLINGS)) >= 40


@pytest.mark.parametrize("host", SPELLINGS)
@pytest.mark.usefixtures("proxied")
def test_no_spelling_of_a_private_address_is_reached(
    careful: SafeHttp, listener: Listener, host: str
) -> None:
    for scheme in ("https", "http"):
        with pytest.raises((OutboundRefused, OutboundFailed)) as refused:
            careful.fetch(f"{scheme}://{host}:{listener.port}/", BOUNDS)
        is_unknown = "not known" in str(refused.value)  # some systems read fewer spellings
        assert refused.type is OutboundRefused or (is_unknown and not host.startswith("["))
    assert listener.num_connections == 0


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://",
        "https:///path",
        "//localhost/",
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "ftp://example.com/",
        "unix:/var/run/docker.sock",
        "data:image/png;base64,AAAA",
        "http://example.com/",
        "https://user@example.com/",
        "https://user:secret@127.0.0.1/",
        "https://[::1/",
        "https://" + "a" * 3000,
    ],
)
def test_what_is_not_a_url_to_fetch(careful: SafeHttp, url: str) -> None:
    with pytest.raises(OutboundRefused):
        careful.fetch(url, BOUNDS)


def test_one_private_address_among_public_ones_is_enough(listener: Listener) -> None:
    client = SafeHttp(find_addresses=lambda _host, _port: [PUBLIC, "127.0.0.1"])
    with pytest.raises(OutboundRefused):
        client.fetch(f"https://mixed.example:{listener.port}/", BOUNDS)
    assert listener.num_connections == 0


def test_a_name_is_looked_up_once_so_that_it_cannot_change(listener: Listener) -> None:
    answers = [[PUBLIC], ["127.0.0.1"], ["127.0.0.1"]]
    asked: list[str] = []

    def rebind(host: str, _port: int) -> list[str]:
        asked.append(host)
        return answers[len(asked) - 1]

    client = SafeHttp(find_addresses=rebind)
    with pytest.raises(OutboundFailed):  # nobody is there, whatever the name says by now
        client.fetch(f"https://rebinding.example:{listener.port}/", Bounds(1000, 2))
    assert asked == ["rebinding.example"]
    assert listener.num_connections == 0


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirect_is_checked_like_the_first(
    friendly: SafeHttp, listener: Listener, code: int
) -> None:
    private = f"http://127.0.0.1:{listener.port}/secret"
    listener.answer = lambda handler: _redirect(handler, private, code)
    with pytest.raises(OutboundRefused):
        friendly.fetch(listener.url, BOUNDS)
    assert listener.num_connections == 1


@pytest.mark.parametrize(
    "target", ["file:///etc/passwd", "//169.254.169.254/", "gopher://x/", "http://[bad/"]
)
def test_a_redirect_leads_to_no_other_kind(
    friendly: SafeHttp, listener: Listener, target: str
) -> None:
    listener.answer = lambda handler: _redirect(handler, target)
    with pytest.raises((OutboundRefused, OutboundFailed)):
        friendly.fetch(listener.url, BOUNDS)
    assert listener.num_connections == 1


def test_redirects_end(friendly: SafeHttp, listener: Listener) -> None:
    listener.answer = lambda handler: _redirect(handler, listener.url + handler.path + "x")
    with pytest.raises(OutboundFailed, match="redirects"):
        friendly.fetch(listener.url, BOUNDS)
    assert listener.num_connections == MAX_REDIRECTS + 1


def test_an_allowed_host_is_fetched_through_a_redirect(
    friendly: SafeHttp, listener: Listener
) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        (_hello if handler.path == "/there" else lambda one: _redirect(one, "/there"))(handler)

    listener.answer = answer
    assert friendly.fetch(listener.url + "/here?a=1", BOUNDS) == b"hello"


def test_what_is_too_large_is_left(friendly: SafeHttp, listener: Listener) -> None:
    def pour(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        for _chunk in range(10_000):
            handler.wfile.write(b"x" * 10_000)

    listener.answer = pour
    with pytest.raises(OutboundFailed, match="larger"):
        friendly.fetch(listener.url, BOUNDS)


def test_a_drip_of_bytes_does_not_prolong_a_call(friendly: SafeHttp, listener: Listener) -> None:
    is_over = threading.Event()

    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while not is_over.wait(0.05):
            handler.wfile.write(b"x")

    listener.answer = drip
    begun_s = time.monotonic()
    with pytest.raises(OutboundFailed, match="time"):
        friendly.fetch(listener.url, Bounds(max_bytes=10_000_000, total_s=1))
    is_over.set()
    assert time.monotonic() - begun_s < 30  # it would go on for ever


def test_a_body_that_is_packed_is_not_unpacked(friendly: SafeHttp, listener: Listener) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        assert handler.headers["Accept-Encoding"] == "identity"
        handler.send_response(200)
        handler.send_header("Content-Encoding", "gzip")
        handler.end_headers()
        handler.wfile.write(b"\x1f\x8bnot unpacked")

    listener.answer = answer
    assert friendly.fetch(listener.url, BOUNDS) == b"\x1f\x8bnot unpacked"


@pytest.mark.parametrize("code", [204, 400, 404, 500])
def test_an_error_is_said(friendly: SafeHttp, listener: Listener, code: int) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        handler.end_headers()

    listener.answer = answer
    with pytest.raises(OutboundFailed, match=str(code)):
        friendly.fetch(listener.url, BOUNDS)


def test_a_name_that_nobody_knows(careful: SafeHttp) -> None:
    with pytest.raises(OutboundFailed, match="not known"):
        careful.fetch("https://no-such-name.invalid/", BOUNDS)


def test_a_lookup_that_hangs_ends_with_the_call() -> None:
    is_over = threading.Event()

    def hang(_host: str, _port: int) -> list[str]:
        is_over.wait(30)
        return []

    client = SafeHttp(find_addresses=hang)
    with pytest.raises(OutboundFailed, match="looked up"):
        client.fetch("https://slow.example/", Bounds(1000, 0.2))
    is_over.set()


def _find_loopback(host: str, _port: int) -> list[str]:
    # `localhost` may stand for ::1 too, where nobody listens
    return ["127.0.0.1"] if host == "localhost" else [host]


def _hello(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    handler.wfile.write(b"hello")


def _redirect(handler: BaseHTTPRequestHandler, target: str, code: int = 302) -> None:
    handler.send_response(code)
    handler.send_header("Location", target)
    handler.end_headers()

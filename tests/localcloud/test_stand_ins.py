"""The process of the stand-ins: what they answer, and that they end with whoever started them."""

import json
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator

import pytest

from localcloud.engines import addresses
from localcloud.server.stand_ins import FAILING, NEVER_READY
from localcloud.state import PROJECT
from tests.localcloud.platform import PORT, image

Order = Callable[[str], str]


@pytest.fixture
def process() -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-S", "-m", "localcloud.server.stand_ins"]
    with subprocess.Popen(
        command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as child:
        yield child
        child.kill()


@pytest.fixture
def order(process: "subprocess.Popen[str]") -> Order:
    def order(line: str) -> str:
        assert process.stdin is not None
        assert process.stdout is not None
        print(line, file=process.stdin, flush=True)
        return process.stdout.readline().strip()

    return order


def opened(order: Order, *, ending: str = "1") -> str:
    """The address of a new one."""
    host = addresses.claim([PORT])
    what = {"service": "seats", "image": image(ending), "track": "stable", "pod": "seats-1"}
    assert order("open " + json.dumps({"host": host, "ports": [PORT], **what})) == "ok"
    return host


def ask(host: str, path: str, method: str = "GET", data: bytes | None = None) -> tuple[int, str]:
    request = urllib.request.Request(f"http://{host}:{PORT}{path}", method=method, data=data)
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=60) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_a_service_answers_who_it_is_and_counts(order: Order) -> None:
    host = opened(order)
    status, text = ask(host, "/api/seats/1?a=b", "POST", b"x" * 100)
    assert status == 200
    assert json.loads(text) == {"service": "seats", "image": image("1"), "track": "stable", "pod": "seats-1"}
    assert ask(host, "/api/seats", "HEAD") == (200, "")
    assert ask(host, "/health")[0] == ask(host, "/ready")[0] == 200
    metrics = ask(host, "/metrics")[1].splitlines()
    assert 'http_requests_total{service="seats",track="stable",status="200"} 2' in metrics, "probes are not counted"
    assert 'http_request_duration_seconds_bucket{service="seats",track="stable",le="+Inf"} 2' in metrics
    assert "tiketi_queue_length 0" in metrics


@pytest.mark.parametrize(
    ("ending", "statuses"), [(NEVER_READY, (200, 503, 200)), (FAILING, (200, 200, 500)), ("bad", (200, 200, 200))]
)
def test_endings_of_a_digest_make_ill(order: Order, ending: str, statuses: tuple[int, int, int]) -> None:
    host = opened(order, ending=ending)
    assert tuple(ask(host, path)[0] for path in ("/health", "/ready", "/api/seats")) == statuses


def test_one_connection_takes_many_requests_and_nonsense_ends_it(order: Order) -> None:
    host = opened(order)
    with socket.create_connection((host, PORT), timeout=60) as connection, connection.makefile("rb") as answers:
        for _ in range(2):
            connection.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
            assert answers.readline() == b"HTTP/1.1 200 OK\r\n"
            while answers.readline() not in (b"\r\n", b""):
                pass
            answers.readline()
        connection.sendall(b"nonsense\r\n\r\n")
        assert answers.readline() == b""
    assert ask(host, "/health")[0] == 200


def test_a_port_that_is_taken_is_said_and_a_closed_one_is_free(order: Order) -> None:
    host = opened(order)
    again = {"host": host, "ports": [PORT], "service": "a", "image": "b", "track": "c", "pod": "d"}
    assert order("open " + json.dumps(again)).startswith("error:")
    assert order(f"close {host}") == "ok"
    with pytest.raises(urllib.error.URLError, match="refused"):
        ask(host, "/health")
    assert order("open " + json.dumps(again)) == "ok"


def test_they_end_with_whoever_started_them(process: "subprocess.Popen[str]", order: Order) -> None:
    host = opened(order)
    assert process.stdin is not None
    with socket.create_connection((host, PORT), timeout=60):
        process.stdin.close()
        assert process.wait(60) == 0, "open connections do not hold them"

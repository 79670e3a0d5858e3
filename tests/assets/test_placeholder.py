"""The placeholder backend keeps the backend's contract, as a process on a real port."""

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from tests.support import PROJECT

SERVER = PROJECT / "cloudmart_cdk" / "assets" / "placeholder" / "server.py"


@pytest.fixture
def server() -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    environment = {**os.environ, "HOST": "127.0.0.1", "PORT": "0"}
    with subprocess.Popen([sys.executable, SERVER], env=environment, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        port = json.loads(process.stdout.readline())["port"]
        yield f"http://127.0.0.1:{port}", process
        process.kill()


def test_health_answers_and_other_paths_are_problems(server: tuple[str, subprocess.Popen[bytes]]) -> None:
    address, process = server
    for path in ("/health", "/api/health"):
        with urllib.request.urlopen(address + path, timeout=5) as answer:
            assert json.load(answer)["status"] == "ok"
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{address}/api/products", timeout=5)
    with refused.value as answer:
        assert answer.status == 404
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert json.load(answer)["status"] == 404
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=5) == 0

"""Whether the shop answers: right answers, wrong ones, late ones, and a stage that sleeps."""

import json
import threading
from collections.abc import Iterator
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tools.pipeline import smoke
from tools.pipeline.__main__ import main
from tools.pipeline.errors import PipelineError
from tools.pipeline.smoke import Patience

_AT_ONCE = Patience(longest_s=0, pause_s=0)
_RIGHT = {
    "/": "<!doctype html><html lang=ko>",
    "/config.json": json.dumps({"api": "/api", "stage": "dev"}),
    "/api/health": json.dumps({"status": "ok", "stage": "dev"}),
    "/api/products?limit=1": json.dumps({"items": [{"id": 1}]}),
}


class Shop:
    """Answers by path; `late`: how many requests are refused first; `cut`: how many answers break off."""

    def __init__(self) -> None:
        self.url = ""
        self.answers = dict(_RIGHT)
        self.late = self.cut = 0
        self.asked: list[str] = []


@pytest.fixture
def shop() -> Iterator[Shop]:
    made = Shop()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.asked.append(self.path)
            found = len(made.asked) > made.late and self.path in made.answers
            content = made.answers.get(self.path, "").encode() if found else b""
            self.send_response(200 if found else 503)
            broken = len(made.asked) <= made.cut
            self.send_header("Content-Length", str(len(content) + broken))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        made.url = f"http://127.0.0.1:{server.server_port}/"
        yield made
        server.shutdown()


def test_page_configuration_and_products_are_asked_for(shop: Shop) -> None:
    said = smoke.ask(shop.url, stage="dev", backend=True, patience=_AT_ONCE)
    assert shop.asked == list(_RIGHT)
    assert said == f"{shop.url}: page and products answer"


@pytest.mark.parametrize("path", _RIGHT)
@pytest.mark.parametrize("answer", ["{}", "[]", "not what it was", '{"stage": "prod", "items": []}'])
def test_each_answer_has_to_be_right(shop: Shop, path: str, answer: str) -> None:
    shop.answers[path] = answer
    with pytest.raises(PipelineError, match="answers something else"):
        smoke.ask(shop.url, stage="dev", backend=True, patience=_AT_ONCE)


def test_what_does_not_answer_is_named(shop: Shop) -> None:
    del shop.answers["/api/health"]
    with pytest.raises(PipelineError, match=r"^error: shop: http://127\.0\.0\.1:\d+/api/health: answers 503; "):
        smoke.ask(shop.url, stage="dev", backend=True, patience=_AT_ONCE)


def test_instances_may_take_their_time(shop: Shop) -> None:
    shop.late = 3
    smoke.ask(shop.url, stage="dev", backend=True, patience=Patience(longest_s=60, pause_s=0))
    assert shop.asked[:4] == ["/"] * 4


def test_an_answer_that_breaks_off_is_asked_for_again(shop: Shop) -> None:
    """Of an instance that goes while it answers, in the middle of a deploy."""
    shop.cut = 2
    smoke.ask(shop.url, stage="dev", backend=True, patience=Patience(longest_s=60, pause_s=0))
    assert shop.asked[:3] == ["/"] * 3


def test_a_backend_that_sleeps_is_not_asked(shop: Shop) -> None:
    said = smoke.ask(shop.url, stage="dev", backend=False, patience=_AT_ONCE)
    assert shop.asked == ["/", "/config.json"]
    assert "the backend sleeps" in said


@pytest.mark.parametrize(
    ("when", "sleeps"),
    [
        ("2026-11-20 12:00", False),
        ("2026-11-20 19:59", False),
        ("2026-11-20 20:00", True),
        ("2026-11-20 08:10", True),
        ("2026-11-20 08:15", False),
        ("2026-11-21 12:00", True),
        ("2026-11-23 07:00", True),
    ],
)
def test_off_hours_are_seouls(when: str, *, sleeps: bool) -> None:
    seoul = datetime.strptime(when, "%Y-%m-%d %H:%M").replace(tzinfo=ZoneInfo("Asia/Seoul"))
    assert smoke.asleep(seoul.astimezone(ZoneInfo("UTC"))) is sleeps


def test_the_address_is_the_deploys(shop: Shop, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outputs = tmp_path / "outputs.json"
    outputs.write_text(json.dumps({"cloudmart-prod-DataStack": {"X": "y"}, "cloudmart-prod-F": {"ShopUrl": shop.url}}))
    shop.answers |= {path: answer.replace("dev", "prod") for path, answer in _RIGHT.items()}
    assert main(["smoke", "--stage", "prod", "--outputs", str(outputs)]) == 0
    assert capsys.readouterr().out == f"{shop.url}: page and products answer\n"


def test_without_a_shop_there_is_nothing_to_ask(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "outputs.json").write_text("{}")
    assert main(["smoke", "--stage", "prod", "--outputs", str(tmp_path / "outputs.json")]) == 0
    assert "nothing to ask" in capsys.readouterr().out


def test_bad_input_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["smoke", "--stage", "prod", "--outputs", str(tmp_path / "missing.json")]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: outputs: given {tmp_path}")
    assert main(["smoke", "--stage", "production", "--url", "http://127.0.0.1:9/"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: command line: given argument --stage")

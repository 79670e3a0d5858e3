"""One POST against a real server that does what servers do on bad days. Waits are asked for, never waited."""

import json
from collections.abc import Iterator

import pytest

from cloudmart_cdk.assets.notifier.clock import Clock
from cloudmart_cdk.assets.notifier.errors import Refused, Unavailable
from cloudmart_cdk.assets.notifier.post import check_address
from tests.notifier import receiver as answers
from tests.notifier.line import Line
from tests.notifier.receiver import Receiver, receiving

_BODY = json.dumps({"text": "hello"}).encode()


class Time:
    """A clock that goes on by being waited for."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    def clock(self, chance: float = 1.0) -> Clock:
        return Clock(
            now=lambda: 1_000_000 + sum(self.waits),
            monotonic=lambda: sum(self.waits),
            sleep=self.waits.append,
            chance=lambda: chance,
        )


@pytest.fixture
def server() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def _post(server: Receiver, time: Time, *, deadline: float = 60, silent: int = 0) -> None:
    """`silent`: how many attempts get no answer at first."""
    line = Line(time.clock(), silent=lambda _: len(time.waits) < silent)
    line.post(server.url(), _BODY, deadline=deadline)


@pytest.mark.parametrize(
    "trouble",
    [
        answers.status(500),
        answers.status(503),
        answers.status(429),
        answers.status(408),
        answers.silence,
        answers.cut,
        answers.cut_in_the_status,
        answers.drip,
        answers.endless(500),
    ],
    ids=["500", "503", "429", "408", "silent", "cut", "cut in the status", "a byte at a time", "endless 500"],
)
def test_trouble_that_may_pass_is_tried_again(server: Receiver, trouble: answers.Answer) -> None:
    server.script = [trouble, trouble]
    _post(server, time := Time(), silent=2)
    assert server.taken == [{"text": "hello"}]
    assert len(server.asked) == 3
    assert time.waits == [1.0, 2.0], "twice as long each time"


def test_it_gives_up_after_four_attempts(server: Receiver) -> None:
    server.usual = answers.status(502)
    with pytest.raises(Unavailable, match=r"^HTTP 502$"):
        _post(server, time := Time())
    assert len(server.asked) == 4
    assert time.waits == [1.0, 2.0, 4.0]


def test_waits_are_drawn_by_chance(server: Receiver) -> None:
    server.script = [answers.status(500)] * 3
    time = Time()
    Line(time.clock(chance=0.25)).post(server.url(), _BODY, deadline=60)
    assert time.waits == [0.25, 0.5, 1.0]


@pytest.mark.parametrize(
    ("said", "waited"),
    [("7", 7.0), ("Mon, 12 Jan 1970 13:46:49 GMT", 9.0), ("soon", 1.0), ("Mon, 12 Jan 1970 13:00:00 GMT", 1.0)],
)
def test_retry_after_is_honoured(server: Receiver, said: str, waited: float) -> None:
    server.script = [answers.status(429, Retry_After=said)]
    _post(server, time := Time())
    assert time.waits == [waited]
    assert len(server.taken) == 1


_NEVER_ENDING = ("9" * 400, "Mon, 1 Jan 99999999999999999999 00:00:00 GMT", "Mon, 12 Jan 2070 13:46:49 GMT", "-1")


@pytest.mark.parametrize("said", _NEVER_ENDING)
def test_a_wait_that_never_ends_is_a_quarter_of_an_hour(server: Receiver, said: str) -> None:
    server.usual = answers.status(503, Retry_After=said)
    with pytest.raises(Unavailable, match="HTTP 503") as failed:
        _post(server, Time(), deadline=60)
    assert 0 <= failed.value.retry_after <= 900


def test_a_wait_that_does_not_fit_is_left_to_the_queue(server: Receiver) -> None:
    server.usual = answers.status(429, Retry_After="90")
    with pytest.raises(Unavailable) as failed:
        _post(server, time := Time(), deadline=60)
    assert failed.value.retry_after == 90
    assert time.waits == []


def test_there_is_no_attempt_after_the_deadline(server: Receiver) -> None:
    with pytest.raises(Unavailable, match="no time left"):
        _post(server, Time(), deadline=0.1)
    assert server.asked == []


@pytest.mark.parametrize("code", [400, 401, 403, 404, 410, 413])
def test_a_refusal_is_final_and_says_why(server: Receiver, code: int) -> None:
    server.usual = answers.status(code, b"invalid_blocks\n")
    with pytest.raises(Refused, match=f"^HTTP {code}: invalid_blocks$") as refused:
        _post(server, time := Time())
    assert (refused.value.status, len(server.asked), time.waits) == (code, 1, [])


def test_a_refusal_without_an_end_or_cut_off_is_still_one(server: Receiver) -> None:
    for answer, said in ((answers.endless(400), "xxx"), (answers.cut_in_the_body(400), "without a word|beginning")):
        server.script = [answer]
        with pytest.raises(Refused, match=said) as refused:
            _post(server, Time())
        assert len(str(refused.value)) < 300


def test_an_explanation_is_one_line_of_text(server: Receiver) -> None:
    server.usual = answers.status(400, b'no\x00\x1b[2J\r\n{"level": "info"}\xe2\x80\xae')
    with pytest.raises(Refused, match=r'^HTTP 400: no \[2J {"level": "info"}$'):
        _post(server, Time())


def test_a_redirect_is_not_followed(server: Receiver) -> None:
    for code in (301, 302, 307, 308):
        server.script = [answers.status(code, Location=server.url("/elsewhere"))]
        with pytest.raises(Refused, match="redirect"):
            _post(server, Time())
    assert {path for path, _ in server.asked} == {"/services/T0/B0/sesame"}


@pytest.mark.parametrize("answer", [answers.cut_in_the_body(200), answers.endless(202), answers.status(204, b"")])
def test_what_was_taken_is_not_sent_again(server: Receiver, answer: answers.Answer) -> None:
    """Whatever becomes of the rest of the answer: on Slack a second try would be a second message."""
    server.script = [answer]
    _post(server, Time())
    assert len(server.asked) == 1


def test_nobody_there_may_pass() -> None:
    with receiving() as gone:
        url = gone.url()
    time = Time()
    with pytest.raises(Unavailable, match="ConnectionRefusedError"):
        Line(time.clock()).post(url, _BODY, deadline=60)
    assert len(time.waits) == 3


def test_no_error_names_the_address(server: Receiver) -> None:
    for answer in (answers.status(404), answers.status(302, Location="x"), answers.status(500), answers.cut):
        server.usual = answer
        with pytest.raises((Refused, Unavailable)) as failed:
            _post(server, Time())
        assert "sesame" not in str(failed.value)


def test_only_https_leaves_the_machine() -> None:
    for url in ("https://hooks.slack.com/services/T/B/x", "http://127.0.0.1:1/x", "http://localhost/", "http://[::1]/"):
        check_address(url)
    for url in (
        "http://hooks.slack.com/services/T/B/x",
        "http://10.0.0.1/",
        "http://localhost.evil.example/",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "hooks.slack.com/services",
        "https://",
        "https://me:secret@hooks.slack.com/",
        "https://host:port/",
        "https://[::1",
        "",
    ):
        with pytest.raises(Refused, match=r"^error: address: given .*; allowed https://HOST/PATH; do put ") as refused:
            check_address(url)
        assert "secret" not in str(refused.value)


def test_a_certificate_of_nobody_is_not_accepted(server: Receiver) -> None:
    """HTTPS is spoken and verified; the server here speaks plain HTTP."""
    with pytest.raises(Unavailable, match="SSL"):
        Line(Time().clock()).post(server.url().replace("http:", "https:"), _BODY, deadline=60)
    assert server.asked == []

"""Tiketi's services in a local cloud that is up, with the templates that AWS would get: asked, killed, released.

Owns what is done to them and what is expected; the cloud is the caller's. Used by the end-to-end test, which has one.
"""

import json
import os
import signal
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from cloudmart_cdk.settings import load_settings
from localcloud import tiketi
from localcloud.aws import Clients
from localcloud.objects import pods, process_of_pods
from localcloud.state import Cloud, State
from tests.localcloud.stacks import settle

_SECONDS: Final = 90.0
_SERVICE: Final = "payment"

Run = Callable[..., tuple[int, list[str]]]
"""A command as a user runs it: status, lines."""


class Services:
    """The services of lab."""

    def __init__(self, state: State, cloud: Cloud, clients: Clients) -> None:
        self._state, self._cloud, self._clients = state, cloud, clients
        self.settings = load_settings({"stage": cloud.stage, "name": cloud.name})
        self._host = tiketi.host(cloud, clients.client("elbv2"))

    def ask(self, service: str) -> dict[str, str]:
        url = f"{self._cloud.endpoint}{self.settings.eks.services[service].path}/7"
        request = urllib.request.Request(url, headers={"Host": self._host})
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=60) as answer:
            content: dict[str, str] = json.loads(answer.read())
            return content

    def check_all_answer(self) -> None:
        for service in self.settings.eks.services:
            answer = self.ask(service)
            assert (answer["service"], answer["track"]) == (service, "stable")
            assert answer["image"] == self.settings.eks.stand_in

    def check_stand_ins_come_back(self) -> None:
        before = process_of_pods(self._state)
        assert before is not None
        os.kill(before[0], signal.SIGKILL)
        self._until(lambda: (process_of_pods(self._state) or before) != before, "another process")
        self._until(lambda: {pod["state"] for pod in pods(self._state)} == {"in service"}, "all are in service again")
        self.check_all_answer()

    def check_a_release_while_people_ask(self, run: Run) -> None:
        digest = self._push("1")
        with self._asking() as seen:
            status, lines = run("release", "--local", "--service", _SERVICE, "--image", digest, program="delivery")
        assert status == 0, "\n".join(lines[-30:])
        assert not seen["failed"], seen
        assert {self.ask(_SERVICE)["image"].partition("@")[2] for _ in range(4)} == {digest}

    def check_a_release_that_never_gets_ready(self, run: Run) -> None:
        before = self.ask(_SERVICE)["image"]
        command = ("release", "--local", "--service", _SERVICE, "--image", self._push("badbad"))
        with self._asking() as seen:
            status, lines = run(*command, "--deadline-minutes", "0.05", program="delivery")
        assert status == 1, "\n".join(lines[-30:])
        assert set(seen) == {before}, "nobody has met it, nobody has waited"
        stack = f"{self._cloud.prefix}-EksPlatformStack"
        assert settle(self._clients.client("cloudformation"), stack)["StackStatus"] == "UPDATE_COMPLETE"

    def _push(self, ending: str) -> str:
        """An image, and its digest, of which the ending is given; the emulator takes any."""
        digest = "sha256:" + ending.rjust(64, "e")
        self._clients.client("ecr").put_image(
            repositoryName=self.settings.names.repository(_SERVICE),
            imageManifest=json.dumps({"schemaVersion": 2, "content": ending}),
            imageDigest=digest,
        )
        return digest

    @contextmanager
    def _asking(self) -> Iterator[Counter[str]]:
        """Somebody who asks all the time: image of each answer, or `failed`."""
        seen: Counter[str] = Counter()
        enough = threading.Event()

        def ask() -> None:
            while not enough.is_set():
                try:
                    seen[self.ask(_SERVICE)["image"]] += 1
                except OSError:
                    seen["failed"] += 1

        thread = threading.Thread(target=ask)
        thread.start()
        try:
            yield seen
        finally:
            enough.set()
            thread.join()

    @staticmethod
    def _until(condition: Callable[[], Any], what: str) -> None:
        deadline = time.monotonic() + _SECONDS
        while not condition():
            assert time.monotonic() < deadline, what
            time.sleep(0.1)

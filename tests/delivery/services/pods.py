"""Pods for tests: real HTTP servers, registered and replaced as a Deployment and the load balancer controller would.

A track's pods follow what `template.manifest` says. New ones come in and are healthy before old ones go; those of an
image in `never_ready` are never registered, as with a failing readiness probe.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from cloudmart_cdk.service_releases import Track
from localcloud.aws import Clients
from tests.delivery.services.template import SERVICES, manifest

_LOOK_S: Final = 0.2


class _Server(ThreadingHTTPServer):
    """Answers with its version, `/health` with 200."""

    daemon_threads = False  # what has been begun is ended

    def __init__(self, version: str) -> None:
        body = version.encode()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *_: Any) -> None:
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}).start()

    @property
    def target(self) -> dict[str, Any]:
        return {"Id": "127.0.0.1", "Port": self.server_address[1]}

    def end(self) -> None:
        self.shutdown()
        self.server_close()


def _servers(image: str, number: int) -> list[_Server]:
    return [_Server(image or "stand-in") for _ in range(number)]


@dataclass
class _Running:
    """A track's pods, and what they run."""

    template: str = ""
    servers: list[_Server] = field(default_factory=list)


class Pods:
    """`groups`: (service, track) -> target group."""

    def __init__(self, clients: Clients, groups: dict[tuple[str, Track], str]) -> None:
        self._clients, self._groups = clients, groups
        self._running = {key: _Running() for key in groups}
        self._stop = threading.Event()
        self.never_ready: set[str] = set()
        """Images whose pods do not get ready."""

    @contextmanager
    def run(self) -> Iterator["Pods"]:
        """As long as the block."""
        thread = threading.Thread(target=self._follow)
        thread.start()
        try:
            yield self
        finally:
            self._stop.set()
            thread.join()
            for running in self._running.values():
                for server in running.servers:
                    server.end()

    def addresses(self, service: str, track: Track) -> set[int]:
        """Ports: a pod that is replaced has another."""
        return {server.server_address[1] for server in self._running[service, track].servers}

    def _follow(self) -> None:
        while not self._stop.is_set():
            for service, track in self._groups:
                self._reconcile(service, track)
            time.sleep(_LOOK_S)

    def _reconcile(self, service: str, track: Track) -> None:
        wanted, running = self._wanted(service, track), self._running[service, track]
        if wanted is None:
            self._replace(service, track, [])
            running.template = ""
            return
        image, release, minimum = wanted
        template, number = f"{image}|{release}", int(minimum) or SERVICES[service]
        if image in self.never_ready:
            return
        if template != running.template:
            self._replace(service, track, _servers(image, number))
            running.template = template
        elif number > len(running.servers):
            self._add(service, track, _servers(image, number - len(running.servers)))

    def _wanted(self, service: str, track: Track) -> tuple[str, str, str] | None:
        ssm = self._clients.client("ssm")
        try:
            value = ssm.get_parameter(Name=manifest(service, track))["Parameter"]["Value"]
        except ssm.exceptions.ParameterNotFound:
            return None
        image, release, minimum = value.split("|")
        return image, release, minimum

    def _add(self, service: str, track: Track, new: list[_Server]) -> None:
        targets = [server.target for server in new]
        if new:
            elb, group = self._clients.client("elbv2"), self._groups[service, track]
            elb.register_targets(TargetGroupArn=group, Targets=targets)
            self._running[service, track].servers.extend(new)
            while True:
                health = elb.describe_target_health(TargetGroupArn=group, Targets=targets)["TargetHealthDescriptions"]
                if all(entry["TargetHealth"]["State"] == "healthy" for entry in health):
                    return
                time.sleep(_LOOK_S)

    def _replace(self, service: str, track: Track, new: list[_Server]) -> None:
        old = list(self._running[service, track].servers)
        self._add(service, track, new)
        if not old:
            return
        targets = [server.target for server in old]
        self._clients.client("elbv2").deregister_targets(TargetGroupArn=self._groups[service, track], Targets=targets)
        del self._running[service, track].servers[: len(old)]
        time.sleep(_LOOK_S)  # as with a preStop hook: who has been chosen is still served
        for server in old:
            server.end()

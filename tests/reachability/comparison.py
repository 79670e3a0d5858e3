"""Every question of one configuration, with the answer of the templates and that of the matrix.

Owns asking and comparing. What follows from a difference is the tests'.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Final

from tests.reachability.expectations import Expectations
from tools.reachability.endpoints import Endpoint
from tools.reachability.landscape import Landscape
from tools.reachability.path import Answer, Paths, asked
from tools.reachability.verdict import Layer, Protocol

BOTH_ENDS: Final = {Layer.POLICY_OUT, Layer.POLICY_IN}
_ORDINARY: Final[tuple[tuple[Protocol, int], ...]] = (("tcp", 22), ("tcp", 80), ("tcp", 12345), ("udp", 12345))
"""Asked in any case: shells, and ports that no rule names."""


class Comparison:
    """Asks at every port at which any rule, or the matrix itself, begins or has just ended."""

    def __init__(self, landscape: Landscape, expected: Expectations) -> None:
        self.paths = Paths(landscape)
        self.ports = sorted({*landscape.edges(), *expected.edges(), *_ORDINARY})
        self.differences: list[str] = []
        self.allowed = 0
        self.denied: Counter[int] = Counter()
        """Denied questions by how many layers refuse."""
        self.one_end: list[str] = []
        """Questions between two pods of ours that one policy alone refuses."""
        for source, target, protocol, port, answer in self._questions():
            wanted = "allowed" if expected.allow(source.name, target.name, protocol, port) else "denied"
            told = f"{source} to {target}, {protocol} {port}"
            if answer.state != wanted:
                self.differences.append(f"{told}: {_words(answer)}; the matrix says {wanted}")
            if answer.state != "denied":
                self.allowed += 1
                continue
            self.denied[len(answer.layers)] += 1
            # A canary is admitted where its stable track is: both have one policy.
            stable = expected.allow(source.name, target.name.removesuffix("-canary"), protocol, port)
            ours = landscape.policed(source) and landscape.policed(target)
            if ours and not stable and not answer.layers >= BOTH_ENDS:
                self.one_end.append(told)

    @property
    def twice(self) -> float:
        """The share of what is denied that more than one layer denies."""
        return 1 - self.denied[1] / self.denied.total()

    def _questions(self) -> Iterator[tuple[Endpoint, Endpoint, Protocol, int, Answer]]:
        endpoints = self.paths.landscape.endpoints.values()
        for source, target in ((source, target) for source in endpoints for target in endpoints):
            if asked(source, target):
                for protocol, port in self.ports:
                    yield source, target, protocol, port, self.paths.answer(source, target, protocol, port)


def _words(answer: Answer) -> str:
    if answer.state == "partly":
        return f"{answer.open} of {answer.ways} ways are open"
    return f"denied by {', '.join(sorted(answer.layers))}" if answer.layers else answer.state

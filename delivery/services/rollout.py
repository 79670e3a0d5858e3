"""The steps of a release: each makes one thing true, sees that it is so, and can be done twice.

Owns waiting, watching, and what is done when it does not work out. Which steps a command takes is `commands`'.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from cloudmart_cdk import service_releases as releases
from cloudmart_cdk.service_releases import Track
from delivery import alarms
from delivery.errors import RolloutError
from delivery.place import Place
from delivery.report import Report, clock
from delivery.services import hands, images, platform, targets
from delivery.services.platform import Service, State
from delivery.services.targets import View

_DRAIN_S: Final = 180.0
"""Deregistration takes 30 s; after that a pod that is still there does not go."""


class OvertakenError(Exception):
    """Somebody else has changed the service meanwhile: what, as it follows on "because"."""


@dataclass(frozen=True)
class Rollout:
    """`deadline_s`: how long new pods may take until all are healthy."""

    place: Place
    service: Service
    report: Report
    deadline_s: float

    def state(self) -> State:
        """Once nobody changes the stack."""
        return platform.at_rest(self.place, self.service, waiting=self.report.say)

    def view(self, track: Track) -> View:
        return targets.look(self.place.client("elbv2"), self.service.groups[track])

    def shares(self) -> dict[Track, int]:
        return platform.weights(self.place, self.service)

    def users(self) -> str:
        """What users meet."""
        canary = self.shares()[Track.CANARY]
        match canary:
            case 0:
                return "all requests meet stable"
            case releases.ALL:
                return "all requests meet the canary"
            case _:
                return f"{canary} % of requests meet the canary"

    # What is changed.

    def send(self, canary: int) -> None:
        """So many percent of the requests to the canary. Not before it is so does it return."""
        if self.shares() != releases.shares(canary):
            self._hands.weights(canary)
        self.report.say(self.users())

    def replace(self, image: str, release: str) -> None:
        """Stable runs an image (empty: the stand-in, of which nothing is noted), all its pods are new and healthy.

        Raises `RolloutError`, `OvertakenError`.
        """
        if not image:
            release = ""
        least = max(self.service.least, self.state().minimum)
        replacement = targets.Replacement(old=set(self.view(Track.STABLE).states), least=least)
        self._change(lambda: self._hands.release(image, release))
        title = images.short(image)
        self.report.say(f"pods of {self.service.name} are being replaced by {title}; {self.users()}")
        self._until(
            lambda: replacement.done(self._own(release)),
            waiting=lambda: replacement.progress(self.view(Track.STABLE)),
            failed=lambda: self._stuck(replacement),
        )

    def put_back(self, state: State) -> None:
        """Stable runs what it ran before, exactly: its pods that are still there stay."""
        self.report.say(f"putting {images.short(state.image)} back")
        self._change(lambda: self._hands.release(state.image, state.release))
        least = max(self.service.least, state.minimum)
        self._until(
            lambda: (view := self.view(Track.STABLE)).quiet and len(view.healthy) >= least,
            waiting=lambda: f"stable: {self.view(Track.STABLE)}",
            failed=lambda: f"stable has {self.view(Track.STABLE)}, and should have {least} healthy pods",
        )

    def open_canary(self, image: str, *, pods: int, hold: bool) -> None:
        """A canary with so many healthy pods. `hold`: neither track may shrink below that."""
        self._until(
            lambda: not self.view(Track.CANARY).states,
            waiting=lambda: f"pods of a canary before are leaving: {self.view(Track.CANARY)}",
            failed=lambda: f"pods of a canary before do not leave: {self.view(Track.CANARY)}",
            seconds=_DRAIN_S,
        )
        self._change(lambda: self._hands.canary(image, pods if hold else 0))
        self.fill_canary(pods)

    def fill_canary(self, pods: int) -> None:
        """Waits until so many pods of the canary are healthy, and all of them. Raises `RolloutError`."""
        self._until(
            lambda: (view := self.view(Track.CANARY)).quiet and len(view.healthy) >= pods,
            waiting=lambda: f"canary: {self.view(Track.CANARY)}, {pods} healthy ones wanted; {self.users()}",
            failed=lambda: (
                f"of the canary's pods, {pods} of them wanted, there were only "
                f"{len(self.view(Track.CANARY).healthy)} healthy ({self.view(Track.CANARY)})"
            ),
        )

    def close_canary(self) -> None:
        """Everybody to stable first; then the canary goes."""
        self.send(0)
        if self.state().canary_image:
            self.report.say("removing the canary")
            self._change(self._hands.end)

    # What is watched.

    def quiet_alarms(self) -> None:
        """Raises `RolloutError` when an alarm rings, or is not there."""
        ringing = alarms.ringing(self.place.client("cloudwatch"), self.service.alarms)
        if ringing:
            raise RolloutError(f"an alarm rings: {', '.join(ringing)}")

    def watch(self, image: str, *, percent: int, minutes: float) -> None:
        """Alarms, pods and weights for so long. Raises `RolloutError`, `OvertakenError`."""
        deadline = time.monotonic() + minutes * 60
        while True:
            self.quiet_alarms()
            found = platform.state(self.place, self.service)
            if found.canary_image != image:
                raise OvertakenError("the canary is another's, or gone")
            if self.shares()[Track.CANARY] != percent:
                # The document's abort on an alarm, or somebody's `rollback`.
                raise OvertakenError(f"somebody has changed the weights: {self.users()}")
            if not self.view(Track.CANARY).healthy:
                raise RolloutError(f"no pod of the canary is healthy ({self.view(Track.CANARY)})")
            left = deadline - time.monotonic()
            if left <= 0:
                return
            step = min(60.0, max(minutes * 10, 1.0))
            rounded = -(-left // step) * step
            self.report.say(f"{self.users()}; {clock(rounded)} left, {len(self.service.alarms)} alarms quiet")
            time.sleep(min(self.place.poll_s, left))

    # What steps are made of.

    @property
    def _hands(self) -> hands.Hands:
        return hands.of(self.place, self.service)

    def _change(self, order: Callable[[], bool]) -> None:
        """An update of the stack from beginning to end. Raises `RolloutError` when CloudFormation refuses it."""
        while True:
            self.state()
            try:
                if not order():
                    return  # it is so already
                break
            except hands.BusyError:  # somebody was faster
                time.sleep(self.place.poll_s)
        if "ROLLBACK" in (status := self.state().stack_status):
            reason = platform.why(self.place, self.service)
            raise RolloutError(f"{self.service.stack} took the change back: {status}{f' ({reason})' if reason else ''}")

    def _own(self, release: str) -> View:
        found = platform.state(self.place, self.service)
        if found.release != release:
            raise OvertakenError(
                f"another release has begun ({found.release or 'the stand-in'}, image {images.short(found.image)})"
            )
        return self.view(Track.STABLE)

    def _until(
        self,
        done: Callable[[], bool],
        *,
        waiting: Callable[[], str],
        failed: Callable[[], str],
        seconds: float | None = None,
    ) -> None:
        patience = self.deadline_s if seconds is None else seconds
        deadline = time.monotonic() + patience
        while not done():
            if time.monotonic() > deadline:
                raise RolloutError(f"{failed()}, after {clock(patience)} min")
            self.report.say(waiting())
            time.sleep(self.place.poll_s)

    def _stuck(self, replacement: targets.Replacement) -> str:
        view = self.view(Track.STABLE)
        if not view.states.keys() - replacement.old:
            return f"no new pod has become ready: {len(replacement.old)} old ones serve"
        return replacement.progress(view)


def stamp(before: str) -> str:
    """What is noted of a release: when, and what ran before (a digest; empty: the stand-in)."""
    return f"{_now()} from {before or releases.STAND_IN}"


def stamp_again(release: str) -> str:
    """The same release made again: new pods, and still the same that ran before."""
    when, _, what = release.partition(" ")
    while (now := _now()) == when:
        time.sleep(0.1)
    return f"{now} {what}" if what else stamp("")


def _now() -> str:
    return datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")

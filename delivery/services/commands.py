"""`release`, `promote`, `rollback`, `status` of a service: what each refuses, which steps it takes, its last words.

Owns the decision from the state alone; nothing is remembered between two commands.

    stable  canary  weights    what it is                              release    promote    rollback
    A       -       100/0      at rest                                 begins     refused    refused
    A       B       100/0      a canary that meets nobody (yet)        goes on    refused    removes it
    A       B       90/10      a canary                                goes on    B to all   removes it
    A       B       0/100      blue/green                              refused    B stays    back at once
    B       B       any        a promotion that was not finished       goes on    goes on    A again

A rolling release has no state between: killed, it is made again (`release`), or what ran before is released.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Literal

from botocore.exceptions import BotoCoreError, ClientError

from cloudmart_cdk import service_releases as releases
from cloudmart_cdk.service_releases import Track
from delivery import alarms
from delivery.errors import DeliveryError, InterruptedReleaseError, RolloutError
from delivery.place import Place
from delivery.report import Report, table
from delivery.services import images, platform
from delivery.services.images import Image
from delivery.services.platform import State
from delivery.services.rollout import OvertakenError, Rollout, stamp, stamp_again

Strategy = Literal["rolling", "blue-green", "canary"]
CANARY_PERCENT: Final = 10
CANARY_MINUTES: Final = 30.0
"""Issue of the platform: a canary meets 10 % for 30 minutes."""
DEADLINE_MINUTES: Final = 10.0
"""New pods may need a new node, which takes minutes."""


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """The options of `release`."""

    image: str
    strategy: Strategy = "rolling"
    canary_percent: int = CANARY_PERCENT
    canary_minutes: float = CANARY_MINUTES
    accept_findings: str = ""


class ServiceDelivery:
    """The commands for one service in one place."""

    def __init__(self, place: Place, name: str, *, deadline_minutes: float = DEADLINE_MINUTES) -> None:
        self._place, self._name = place, name
        self._service = platform.find(place, name)
        self._report = Report()
        self._rollout = Rollout(place, self._service, self._report, deadline_minutes * 60)

    def release(self, wishes: Wishes) -> None:
        """Begins a release, or goes on with the one that a killed run has left. Raises `DeliveryError`."""
        image = images.find(self._place, self._name, wishes.image)
        images.refuse_critical(self._place, self._name, image, accepted=wishes.accept_findings, say=self._report.say)
        state = self._rollout.state()
        shares = self._rollout.shares()
        if state.canary_image and state.canary_image != image.digest:
            raise self._refuse(
                f"given {image.title} while a release of {images.short(state.canary_image)} is unfinished",
                f"{self._call('promote')} or {self._call('rollback')} first",
            )
        if shares[Track.CANARY] and not state.canary_image:
            raise self._refuse(
                f"given {shares[Track.CANARY]} % of requests on a canary that is not there, and no release that did it",
                f"{self._call('rollback')} sends all to stable",
            )
        if shares[Track.CANARY] == releases.ALL:
            raise self._refuse(
                f"given {image.title}, which all requests meet as the canary (blue/green)",
                f"{self._call('promote')} or {self._call('rollback')}",
            )
        if state.canary_image and wishes.strategy == "rolling":
            raise self._refuse(
                f"given a rolling release of {image.title}, of which there is a canary",
                f"{self._call('promote')} or {self._call('rollback')} first",
            )
        with self._last_words():
            if wishes.strategy == "rolling":
                self._rolling(state, image)
            elif state.image == image.digest and not state.canary_image:
                self._report.say(f"{image.title} runs already ({state.release}): nothing to do")
            else:
                self._share(state, image, wishes)
        self.status()

    def promote(self) -> None:
        """What the canary runs becomes stable; all requests meet it from then on, as one version."""
        state, shares = self._rollout.state(), self._rollout.shares()
        if not state.canary_image:
            raise self._refuse(
                f"given no canary: all requests meet {images.short(state.image)}; allowed: a canary or blue/green",
                f"{self._call('release')} --image DIGEST --strategy blue-green makes one",
            )
        if not shares[Track.CANARY] and not state.promoting:
            raise self._refuse(
                f"given a canary ({images.short(state.canary_image)}) that no request has met; allowed: one that did",
                f"the same release again goes on with it, {self._call('rollback')} removes it",
            )
        with self._last_words():
            self._guarded(state, lambda: self._promote(state))
        self.status()

    def rollback(self) -> None:
        """Out of a release that is under way: everybody meets stable, at once; then the canary goes.

        Twice is as good as once: what ended is refused, and told how to bring back what ran before it.
        """
        shared = self._rollout.shares()[Track.CANARY]
        with self._last_words():
            if shared:
                self._rollout.send(0)  # before anything is waited for
            state = self._rollout.state()
            if not (shared or state.canary_image):
                raise self._refuse(
                    f"given no release that is under way: all requests meet {images.short(state.image)}",
                    self._back(state) or "an older version is released like a new one",
                )
            self._take_back(state)
        self.status()

    def status(self) -> None:
        """Prints who meets what."""
        print(table(rows(self._place, self._name)), flush=True)

    # The strategies.

    def _rolling(self, state: State, image: Image) -> None:
        if not image.digest and not state.image:
            self._report.say("the stand-in runs already: nothing to do")
            return
        if state.image == image.digest:
            self._report.say(f"{image.title} is stable's image already: its pods are made anew")
            release = stamp_again(state.release)
        else:
            release = stamp(state.image)
        try:
            self._rollout.replace(image.digest, release)
        except RolloutError as failed:
            self._report.say(f"Going back by itself, because {failed}")
            self._again(lambda: self._rollout.put_back(state))
            raise self._went_back(state, str(failed)) from None

    def _share(self, state: State, image: Image, wishes: Wishes) -> None:
        """By a second track."""
        if not state.canary_image:
            self._refuse_unfit()
        steps = self._blue_green if wishes.strategy == "blue-green" else self._canary
        self._guarded(state, lambda: steps(state, image, wishes))

    def _canary(self, state: State, image: Image, wishes: Wishes) -> None:
        self._begin(state, image, pods=self._service.least, hold=False)
        self._rollout.send(wishes.canary_percent)
        self._rollout.watch(image.digest, percent=wishes.canary_percent, minutes=wishes.canary_minutes)
        self._promote(self._rollout.state())

    def _blue_green(self, state: State, image: Image, _: Wishes) -> None:
        stable = len(self._rollout.view(Track.STABLE).healthy)
        pods = min(max(stable, self._service.least), self._service.most)
        self._begin(state, image, pods=pods, hold=True)
        self._rollout.send(releases.ALL)

    def _refuse_unfit(self) -> None:
        try:
            self._rollout.quiet_alarms()
        except RolloutError as unfit:
            raise self._refuse(f"{unfit}, before it has begun", "mend that first") from None
        if not self._rollout.view(Track.STABLE).healthy:
            raise self._refuse(
                "given no healthy pod of stable (off-hours?); allowed: at least one",
                "wait for it, or release by --strategy rolling",
            )

    def _begin(self, state: State, image: Image, *, pods: int, hold: bool) -> None:
        """A canary that is healthy, and meets nobody yet."""
        if state.canary_image:
            self._report.say(f"goes on with the release of {image.title}")
            self._rollout.fill_canary(pods)
        else:
            self._rollout.open_canary(image.digest, pods=pods, hold=hold)

    def _promote(self, state: State) -> None:
        image = state.canary_image or self._rollout.state().canary_image
        self._rollout.replace(image, stamp_again(state.release) if state.promoting else stamp(state.image))
        self._rollout.close_canary()

    # The ways back.

    def _guarded(self, state: State, steps: Callable[[], None]) -> None:
        """`steps`, and back when they do not work out. `state`: how it was before them."""
        try:
            steps()
        except RolloutError as failed:
            self._report.say(f"Going back by itself, because {failed}")
            self._again(lambda: self._rollout.send(0))
            self._take_back(self._rollout.state())
            raise self._went_back(state, str(failed)) from None

    def _take_back(self, state: State) -> None:
        """Stable as it was (if it was changed), and no canary. Everybody meets stable already."""
        if state.promoting and state.before:
            before = state.before.removesuffix(releases.STAND_IN)
            self._again(lambda: self._rollout.replace(before, stamp(state.image)))
        self._again(self._rollout.close_canary)

    def _again(self, step: Callable[[], None]) -> None:
        """A step of the way back: when it fails too, somebody has to know where it stands."""
        try:
            step()
        except RolloutError as failed:
            raise self._refuse(
                f"on the way back {failed}; {self._rollout.users()}", f"mend it, then {self._call('rollback')}"
            ) from None

    # Words.

    @contextmanager
    def _last_words(self) -> Iterator[None]:
        try:
            yield
        except OvertakenError as overtaken:
            raise self._refuse(
                f"this release has ended, because {overtaken}", f"{self._call('status')} tells how it stands"
            ) from None
        except (BotoCoreError, ClientError):
            self._report.say(f"Stopped: the same command goes on, {self._call('rollback')} undoes")
            raise
        except KeyboardInterrupt:
            self._report.say("Interrupted: looking where it stands")
            raise InterruptedReleaseError(
                "interrupted",
                why=f"{self._rollout.users()} of {self._name}, and that stays so",
                do=f"the same command goes on, {self._call('rollback')} undoes",
            ) from None

    def _went_back(self, state: State, why: str) -> DeliveryError:
        return self._refuse(f"went back to {images.short(state.image)}, because {why}", "mend it and release again")

    def _refuse(self, why: str, do: str) -> DeliveryError:
        return DeliveryError(self._name, why=why, do=do)

    def _call(self, command: str) -> str:
        return self._place.call(command, service=self._name)

    def _back(self, state: State) -> str:
        """How to bring back what ran before the last release; empty: nobody knows what that was."""
        return _back(self._place, self._name, state)


def _back(place: Place, name: str, state: State) -> str:
    if not state.before:
        return ""
    return f"{place.call(f'release --image {state.before}', service=name)} brings back what ran before"


def status_of_all(place: Place) -> None:
    """Prints who meets what, service by service."""
    print("\n\n".join(f"{name}\n{table(rows(place, name))}" for name in platform.services(place)), flush=True)


def rows(place: Place, name: str) -> list[tuple[str, str]]:
    """What there is to say of one service."""
    service = platform.find(place, name)
    state, shares = platform.state(place, service), platform.weights(place, service)
    rollout = Rollout(place, service, Report(), 0)
    told = {Track.STABLE: state.image or releases.STAND_IN, Track.CANARY: state.canary_image}
    found = []
    for track, image in told.items():
        if image or shares[track]:
            pods = rollout.view(track)
            found.append((str(track), f"{image or 'nothing'}: {shares[track]} % of requests, pods: {pods}"))
    if state.release:
        found.append(("released", state.release))
        if not state.canary_image:
            found.append(("back", _back(place, name, state)))
    if state.stack_status.endswith("_IN_PROGRESS"):
        found.append(("stack", state.stack_status))
    if state.canary_image:
        try:
            ringing = alarms.ringing(place.client("cloudwatch"), service.alarms)
        except RolloutError as blind:
            ringing = [str(blind)]
        found.append(("alarms", ", ".join(ringing) or "quiet"))
        found.append(("next", f"{place.call('promote', service=name)} or {place.call('rollback', service=name)}"))
    return found

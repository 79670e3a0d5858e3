"""The way of a release, and the way back: one step a phase.

Owns the order, what each step makes true, and when it goes back by itself. A step can be done twice: a killed run,
started again, does its last one anew. Whoever may carry a release on is `ledger`'s to say.
"""

import contextlib
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from delivery import alarms, stack
from delivery.artefact import Revision
from delivery.backend import Backend, Side
from delivery.errors import DeliveryError, RolloutError
from delivery.fleet import Fleet
from delivery.installation import Installation
from delivery.ledger import Entry, Ledger, OvertakenError, Phase, Release
from delivery.place import Place
from delivery.report import Report, clock
from delivery.traffic import Traffic

_FILL_S: Final = 900.0
"""A first boot takes up to 3 minutes, and the load balancer one more; an instance may fail once."""
_LONGEST_WHY: Final = 1000
"""Characters: a parameter takes 4,096."""


class Rollout:
    """Carries one release on, to its end or back. `revision`: what to upload; None: it is known to be there."""

    def __init__(
        self,
        place: Place,
        backend: Backend,
        ledger: Ledger,
        report: Report,
        release: Release,
        *,
        revision: Revision | None = None,
    ) -> None:
        self.release = release
        self._place, self._backend, self._ledger, self._report = place, backend, ledger, report
        self._revision = revision
        self._traffic = Traffic(place.client("elbv2"), backend)
        self._fleet = Fleet(place.client("autoscaling"), place.client("elbv2"))
        self._old, self._new = backend.sides[release.old], backend.sides[release.new]
        self._installation = Installation(place.client("codedeploy"), backend, self._new, place.poll_s)
        self._steps: dict[Phase, Callable[[], Phase]] = {
            Phase.UPLOAD: self._upload,
            Phase.FILL: self._fill,
            Phase.INSTALL: self._install,
            Phase.CANARY: self._canary,
            Phase.SHIFT: self._shift,
            Phase.COMMIT: self._commit,
            Phase.HOLD: self._hold,
            Phase.REFILL: self._refill,
            Phase.RETURN: self._return,
            Phase.RESTORE: self._restore,
            Phase.EMPTY: self._empty,
        }

    def carry_on(self) -> Release:
        """Until it has ended, one way or the other; its last record."""
        self._ledger.write(self.release)
        while not self.release.phase.ended:
            self._ledger.confirm()
            try:
                self._enter(self._steps[self.release.phase]())
            except RolloutError as failed:
                self._ledger.confirm()  # whoever took it over may have done what failed here
                if self.release.phase.returning:
                    raise DeliveryError("rollback", why=str(failed), do="mend it and run it again") from None
                self._report.say(f"Going back by itself, because {failed}")
                self._enter(Phase.REFILL, why=str(failed))
        return self.release

    def let_go(self) -> Entry | None:
        """After an interruption: anybody may carry on. The record that counts now.

        It is read first: the write that was interrupted may have arrived or not, or arrives yet.
        """
        for _ in range(3):
            entry = self._ledger.read()
            if entry is None or entry.release.runner != self.release.runner:
                break
            with contextlib.suppress(OvertakenError):
                self._ledger.write(replace(entry.release, runner=None))
        return entry

    def users(self) -> str:
        """What users meet."""
        shares = self._traffic.shares()
        if shares[self.release.new] == 0:
            return f"all requests meet the old version ({self.release.old})"
        if shares[self.release.old] == 0:
            return f"all requests meet the new version ({self.release.new})"
        return f"{shares[self.release.new]} % of requests meet the new version ({self.release.new})"

    def _enter(self, phase: Phase, *, why: str = "") -> None:
        runner = None if phase.ended else self.release.runner
        self._note(self.release.entering(phase, runner=runner, why=why[:_LONGEST_WHY] or self.release.why))

    def _note(self, release: Release) -> None:
        self._ledger.write(release)
        self.release = release

    # The way forward.

    def _upload(self) -> Phase:
        self._say(f"uploading {self.release.title}; {self.users()}")
        if self._revision is not None:
            self._revision.upload(self._place.client("s3"), self._backend.bucket)
        return Phase.FILL

    def _fill(self) -> Phase:
        self._say(f"filling {self._new.colour} with {self.release.size} instances; {self.users()}")
        self._fleet.fill(self._new, self.release.size)
        self._until_ready(self._new, self.release.size)
        return Phase.INSTALL

    def _install(self) -> Phase:
        deployment = self.release.deployment or self._installation.start(
            self.release.revision, description=f"Release of {self.release.title}"[:100], waiting=self._waiting
        )
        self._note(replace(self.release, deployment=deployment))
        self._say(f"CodeDeploy's {deployment} installs the new version on {self._new.colour}; {self.users()}")
        self._installation.wait(deployment, waiting=self._waiting)
        self._until_ready(self._new, self.release.size)
        return Phase.CANARY

    def _canary(self) -> Phase:
        plan = self.release.plan
        if plan.canary_minutes > 0:
            self._set({self._new.colour: plan.canary_percent, self._old.colour: 100 - plan.canary_percent})
            self._say(f"{self.users()}, for {plan.canary_minutes:g} min")
            self._watch(plan.canary_minutes * 60)
        return Phase.SHIFT

    def _shift(self) -> Phase:
        grown = self._fleet.count(self._old).desired
        if self._fleet.count(self._new).desired < grown:
            self._say(f"{self._old.colour} has grown to {grown} instances: {self._new.colour} follows first")
            self._fleet.fill(self._new, grown)
            self._until_ready(self._new, grown)
        self._set({self._new.colour: 100, self._old.colour: 0})
        self._say(f"{self.users()}; watching for {self.release.plan.settle_seconds:g} s")
        self._watch(self.release.plan.settle_seconds)
        return Phase.COMMIT

    def _commit(self) -> Phase:
        self._say(f"noting {self._new.colour} as live in {self._backend.stack}; {self.users()}")
        self._set_live(self._new.colour)
        return Phase.HOLD

    def _hold(self) -> Phase:
        minutes = self.release.plan.hold_minutes
        if minutes > 0:
            until = datetime.now(UTC) + timedelta(minutes=minutes)
            self._fleet.hold(self._old, max(self.release.size, self._fleet.count(self._old).desired), until)
            self._note(replace(self.release, held_until=until.isoformat(timespec="seconds")))
        else:
            self._fleet.empty(self._old)
        return Phase.RELEASED

    # The way back.

    def _refill(self) -> Phase:
        if self._traffic.shares()[self._old.colour]:
            return Phase.RETURN  # it serves: nothing to wait for
        count = self._fleet.count(self._old)
        if count.ready < self.release.size:
            self._say(f"{self._old.colour} has {count.ready} instances: filling it first, which takes minutes")
        self._fleet.fill(self._old, max(self.release.size, self._fleet.count(self._new).desired))
        self._until_ready(self._old, self.release.size)
        return Phase.RETURN

    def _return(self) -> Phase:
        self._set({self._old.colour: 100, self._new.colour: 0})
        self._say(f"back: {self.users()}")
        return Phase.RESTORE

    def _restore(self) -> Phase:
        if not self._set_live(self._old.colour):
            self._fleet.settle(self._old, self.release.minimum)
        # Whatever came in between, a deploy or the last act of an overtaken command.
        self._set({self._old.colour: 100, self._new.colour: 0})
        return Phase.EMPTY

    def _empty(self) -> Phase:
        self._say(f"emptying {self._new.colour}; {self.users()}")
        self._installation.stop()
        self._fleet.empty(self._new)
        return Phase.RETURNED

    # What steps are made of.

    def _set(self, shares: dict[str, int]) -> None:
        self._ledger.confirm()
        self._traffic.set(shares)

    def _set_live(self, colour: str) -> bool:
        self._ledger.confirm()
        return stack.set_live(
            self._place.client("cloudformation"),
            self._backend,
            colour,
            poll_s=self._place.poll_s,
            waiting=lambda status: self._waiting(f"{self._backend.stack}: {status}"),
        )

    def _until_ready(self, side: Side, size: int) -> None:
        deadline = time.monotonic() + _FILL_S
        while (ready := self._fleet.count(side).ready) < size:
            if time.monotonic() > deadline:
                raise RolloutError(
                    f"only {ready} of {size} instances of {side.colour} were healthy within {_FILL_S / 60:g} minutes"
                )
            self._waiting(f"{side.colour}: {ready} of {size} instances healthy")
            time.sleep(self._place.poll_s)

    def _watch(self, seconds: float) -> None:
        """Raises `RolloutError` as soon as an alarm rings, or no instance of the new colour is healthy."""
        deadline = time.monotonic() + seconds
        names = self._backend.steering(self._new.colour)
        while True:
            ringing = alarms.ringing(self._place.client("cloudwatch"), names)
            if ringing:
                raise RolloutError(f"an alarm rings: {', '.join(ringing)}")
            if not self._fleet.count(self._new).ready:
                raise RolloutError(f"no instance of {self._new.colour} is healthy")
            left = deadline - time.monotonic()
            if left <= 0:
                return
            # A line a minute, or half a dozen in all.
            step = min(60.0, max(seconds / 6, 1.0))
            rounded = -(-left // step) * step
            self._waiting(f"{self.users()}; {clock(rounded)} left, {len(names)} alarms quiet")
            time.sleep(min(self._place.poll_s, left))

    def _waiting(self, text: str) -> None:
        self._ledger.confirm()
        self._say(text)

    def _say(self, text: str) -> None:
        self._report.say(f"{self.release.phase:<8} {text}")

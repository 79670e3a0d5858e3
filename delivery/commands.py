"""`release`, `rollback`, `status`: what each refuses, continues or begins, and its last words."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from delivery import alarms, artefact, backend
from delivery.errors import DeliveryError, InterruptedReleaseError, RolloutError
from delivery.fleet import Fleet
from delivery.ledger import Entry, Ledger, Phase, Plan, Release, alive, myself, now
from delivery.place import Place
from delivery.report import Report, clock, table
from delivery.rollout import Rollout
from delivery.traffic import Traffic

PARAMETER: Final = "backend/release"
"""Under `/<name>/<stage>/` in Parameter Store."""
_BEFORE_USERS: Final = (Phase.UPLOAD, Phase.FILL, Phase.INSTALL)


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """The options of `release`; None: the default, or those of the release that is continued."""

    application: str | None = None
    canary_minutes: float | None = None
    canary_percent: int | None = None
    hold_minutes: float | None = None
    settle_seconds: float | None = None
    again: bool = False

    def plan(self, otherwise: Plan) -> Plan:
        given = {key: getattr(self, key) for key in Plan.__dataclass_fields__}
        return replace(otherwise, **{key: value for key, value in given.items() if value is not None})


DEFAULT: Final = Plan(canary_minutes=30.0, canary_percent=10, hold_minutes=60.0, settle_seconds=60.0)
"""Canary: specification section 4. Hold: an hour in which `rollback` takes a minute; it costs the old colour's
instances. Settling: one period of the error rate's alarm."""


class Delivery:
    """The commands for one place."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._backend = backend.find(place)
        self._ledger = Ledger(place.client("ssm"), place.settings.names.parameter(PARAMETER), self._backend.stack_id)
        self._traffic = Traffic(place.client("elbv2"), self._backend)
        self._fleet = Fleet(place.client("autoscaling"), place.client("elbv2"))
        self._report = Report()

    def release(self, wishes: Wishes) -> None:
        """Begins a release, or continues the one that a killed run has left. Raises `DeliveryError`."""
        entry = self._ledger.read()
        unfinished = entry.release if entry and not entry.release.phase.ended else None
        if entry and unfinished and alive(entry):
            raise self._busy(entry)
        if unfinished and unfinished.phase.returning:
            self._report.say(f"First ends the way back that had been begun in phase {unfinished.phase}")
            self._go(unfinished)
            raise DeliveryError(
                "release", why="given an unfinished way back, which has ended now", do="run it again to release"
            )
        revision = artefact.make(wishes.application or self._place.settings.backend.application)
        if unfinished is None:
            if entry and not wishes.again:
                self._refuse_same(entry.release, revision)
            release = self._begin(revision, wishes.plan(DEFAULT))
        elif unfinished.revision == revision.key:
            self._report.say(f"Continues the release of {unfinished.title}, begun {unfinished.began}")
            release = replace(unfinished, plan=wishes.plan(unfinished.plan))
        else:
            raise DeliveryError(
                "release",
                why=f"given {revision.title} while {unfinished.title} is unfinished in phase {unfinished.phase}",
                do=f"run it from the sources of that one, or {self._place.call('rollback')} first",
            )
        ended = self._go(release, revision)
        if ended.phase is Phase.RETURNED:
            raise DeliveryError(
                "release",
                why=f"went back to {ended.old}, which all requests meet: {ended.why}",
                do="mend it and release again",
            )

    def rollback(self) -> None:
        """Back to the colour before, out of a release or after it. Raises `DeliveryError` when there is none."""
        self._go(self._way_back(self._ledger.read()))

    def status(self) -> None:
        """Prints who meets what, and what is under way."""
        entry = self._ledger.read()
        shares = self._traffic.shares()
        rows = []
        for colour, side in self._backend.sides.items():
            count = self._fleet.count(side)
            live = ", live in the stack" if colour == self._backend.live else ""
            meet = f"{shares[colour]} % of requests, {count.ready} of {count.desired} instances healthy{live}"
            rows.append((colour, meet))
        print(table([*rows, *(self._rows(entry) if entry else [("last release", "none known")])]))

    def _refuse_same(self, last: Release, revision: artefact.Revision) -> None:
        if (last.phase, last.new, last.revision) == (Phase.RELEASED, self._backend.live, revision.key):
            raise DeliveryError(
                "release",
                why=f"given {revision.title}, which {last.new} has been running since {last.since}; allowed: a change",
                do="change it, name another --application, or add --again to release the same",
            )

    def _begin(self, revision: artefact.Revision, plan: Plan) -> Release:
        """Refuses what must not begin."""
        self._backend.refuse_busy()
        old, new = self._backend.live, self._backend.idle
        shares = self._traffic.shares()
        if shares[new] or not shares[old]:
            raise DeliveryError(
                "release",
                why=f"given traffic on {new} ({shares[new]} %) though {old} is live, and no release that did it",
                do=f"{self._place.call('rollback')} sends all to {old}",
            )
        try:
            ringing = alarms.ringing(self._place.client("cloudwatch"), self._backend.steering(new))
        except RolloutError as blind:
            raise DeliveryError("release", why=str(blind), do="deploy the stack, which has them, again") from None
        if ringing:
            raise DeliveryError(
                "release",
                why=f"given alarms that ring before it has begun: {', '.join(ringing)}",
                do="mend the live version first: nobody could tell what the new one does",
            )
        live = self._fleet.count(self._backend.sides[old])
        if live.desired == 0:
            raise DeliveryError(
                "release",
                why=f"given no instance of {old}, the live colour (off-hours?); allowed: at least one",
                do="start the backend first",
            )
        return Release(
            stack=self._backend.stack_id,
            phase=Phase.UPLOAD,
            revision=revision.key,
            title=revision.title,
            old=old,
            new=new,
            size=live.desired,
            minimum=live.minimum,
            plan=plan,
            began=now(),
            since=now(),
        )

    def _way_back(self, entry: Entry | None) -> Release:
        release = entry.release if entry else None
        who = f"rolled back by {self._who()}"
        if entry and release and not release.phase.ended:
            if not release.phase.returning:
                return release.entering(Phase.REFILL, why=who)
            if alive(entry):
                raise self._busy(entry)
            return release
        live, idle = self._backend.live, self._backend.idle
        if release and release.phase is Phase.RELEASED and release.new == live:
            return release.entering(Phase.REFILL, why=who)
        if self._traffic.shares()[idle]:
            count = self._fleet.count(self._backend.sides[live])
            return Release(
                stack=self._backend.stack_id,
                phase=Phase.REFILL,
                revision="",
                title="traffic that no release has split",
                old=live,
                new=idle,
                size=max(count.desired, 1),
                minimum=count.minimum,
                plan=DEFAULT,
                began=now(),
                since=now(),
                why=who,
            )
        known = f"the last release ended {release.phase} {release.since}" if release else "no release is known"
        raise DeliveryError(
            "rollback",
            why=f"given nothing to go back from: all requests meet {live}, and {known}",
            do=f"{self._place.call('release')} brings a version; an older one by --application",
        )

    def _go(self, release: Release, revision: artefact.Revision | None = None) -> Release:
        mine = replace(release, runner=myself(self._who()))
        rollout = Rollout(self._place, self._backend, self._ledger, self._report, mine, revision=revision)
        try:
            ended = rollout.carry_on()
        except (BotoCoreError, ClientError):
            ways = f"{self._place.call('release')} continues, {self._place.call('rollback')} undoes"
            self._report.say(f"Stopped in phase {rollout.release.phase}; what users meet stays so; {ways}")
            raise
        except KeyboardInterrupt:
            raise self._interrupted(rollout) from None
        self._report.end(self._rows(Entry(0, ended, 0.0)))
        return ended

    def _interrupted(self, rollout: Rollout) -> InterruptedReleaseError:
        self._report.say("Interrupted: noting where it stands")
        entry, users = rollout.let_go(), rollout.users()
        if entry is None or entry.release.phase.ended:
            why, do = f"nothing is under way; {users}", "run it again when ready"
        elif alive(entry) and entry.release.runner != rollout.release.runner:
            why = f"{entry.release.runner} has taken over; {users}"
            do = "nothing to do here: that command tells how it ends"
        elif entry.release.phase.returning:
            why = f"in phase {entry.release.phase} of the way back; {users}, and that stays so"
            do = f"{self._place.call('rollback')} ends it"
        else:
            why = f"in phase {entry.release.phase}; {users}, and that stays so"
            do = f"{self._place.call('release')} continues, {self._place.call('rollback')} undoes"
        return InterruptedReleaseError("interrupted", why=why, do=do)

    def _rows(self, entry: Entry) -> list[tuple[str, str]]:
        """What a record tells people."""
        release = entry.release
        begun, phase = f"{release.title}, begun {release.began}", f"{release.phase} since {release.since}"
        rows = [("release", begun), ("phase", phase)]
        match release.phase:
            case Phase.RELEASED:
                rows.append(("users meet", f"the new version ({release.new})"))
                if _future(release.held_until):
                    back = f"kept until {release.held_until}: {self._place.call('rollback')} takes a minute"
                else:
                    back = f"emptied: {self._place.call('rollback')} fills it first"
                rows.append((f"old ({release.old})", back))
            case Phase.RETURNED:
                rows += [("users meet", f"the old version ({release.old})"), ("because", release.why)]
            case _:
                carried = f"{release.runner}" if alive(entry) else "nobody"
                rows.append(("carried on by", carried))
                if not alive(entry):
                    ways = f"{self._place.call('release')} ends it, {self._place.call('rollback')} undoes it"
                    rows.append(("next", ways))
        if release.phase is Phase.RELEASED:
            took = (datetime.fromisoformat(release.since) - datetime.fromisoformat(release.began)).total_seconds()
            rows.append(("took", f"{clock(took)} min"))
        return rows

    def _busy(self, entry: Entry) -> DeliveryError:
        release = entry.release
        going = "going back" if release.phase.returning else "releasing"
        undo = "" if release.phase.returning else f", or {self._place.call('rollback')}, which takes over"
        return DeliveryError(
            "release",
            why=f"given a second one while {release.runner} has been {going} since {release.began} "
            f"(phase {release.phase}, last heard of {entry.age_s:.0f} s ago); allowed: one at a time",
            do=f"wait for it{undo}",
        )

    def _who(self) -> str:
        arn = str(self._place.client("sts").get_caller_identity()["Arn"])
        return arn.rpartition(":")[2]


def _future(time: str) -> bool:
    return bool(time) and time > now()

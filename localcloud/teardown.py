"""`destroy`: remove the stacks, show what is left, stop everything."""

import json
import time

from localcloud import emulator
from localcloud.errors import CloudError
from localcloud.report import say
from localcloud.state import Cloud, State
from localcloud.steps import Options, announce, commands, deploy_stacks, settings_of, stop_all, timed


def destroy(state: State, options: Options) -> None:
    """Removes the stacks, shows what is left, stops everything."""
    with state.exclusive():
        cloud = state.load()
        if cloud is None:
            say(f"No local cloud in {state.root}: nothing to destroy.")
            return
        if options.force or not emulator.alive(cloud):
            stop_all(state, cloud)
            say("Stopped; the emulator keeps everything in memory, so nothing is left.")
            return
        _destroy_stacks(state, cloud, options)


def _destroy_stacks(state: State, cloud: Cloud, options: Options) -> None:
    began = time.monotonic()
    settings = settings_of(cloud.stage, cloud.name, cloud.context)
    with commands(state, cloud) as cdk:
        if settings.deletion_protection:
            say(f"{cloud.prefix} is protected from deletion. Step 1 of 2: deploy with deletion_protection=false")
            cloud.context = [*cloud.context, "deletion_protection=false"]
            cdk.synth().wait()
            deploy_stacks(cloud, cdk, options)
            state.save(cloud)
            say("Step 2 of 2: destroy")
        elif not (state.assembly / "manifest.json").exists():
            cdk.synth().wait()
        run = cdk.destroy(concurrency=options.concurrency)
        if run.wait(announce) != 0:
            from localcloud import failures

            raise failures.explain(cloud, run, doing="destroy of")
    from localcloud import leftovers

    before = json.loads((state.root / "baseline.json").read_text())
    left = [line for line in leftovers.inventory(cloud) if line not in set(before)]
    wrong = leftovers.unexpected(left, keeps_data=settings.keeps_data)
    for line in left:
        say(f"  left: {line}{' (UNEXPECTED)' if line in wrong else ''}")
    stop_all(state, cloud)
    if wrong:
        raise CloudError(
            f"destroy of {cloud.prefix} left {len(wrong)} resources behind",
            why=", ".join(wrong)[:500],
            do="nothing to do if you gave settings of your own: the emulator is stopped, nothing lives on; "
            "else give them a removal policy of the stage",
        )
    lost = leftovers.lost(left, settings) if settings.keeps_data else []
    if lost:
        raise CloudError(
            f"destroy of {cloud.prefix} took data with it",
            why=f"not kept: {', '.join(lost)}",
            do="the stage keeps data and every key: correct the removal policies",
        )
    kept = f"{len(left)} left, as the stage allows" if left else "nothing left"
    say(f"Destroyed {cloud.prefix} in {timed(began)}: {kept}; all processes stopped.")

"""`deploy`: bring the local cloud up, or an existing one up to date.

Owns the order: what is started when, and what is stopped when something fails during a first deploy.
"""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cloudmart_cdk.policy.off import NOTICE
from cloudmart_cdk.settings.topology import BACKEND, DATA
from localcloud import emulator, environment, ports, shop, tiketi
from localcloud.engines import binaries
from localcloud.errors import CloudError
from localcloud.report import say, table
from localcloud.state import Cloud, State
from localcloud.steps import (
    Options,
    commands,
    deploy_stacks,
    recorded_rows,
    refuse_another,
    settings_of,
    stop_all,
    timed,
)

if TYPE_CHECKING:
    from cloudmart_cdk.settings import Settings


def deploy(state: State, options: Options) -> None:
    """Brings the cloud up, or an existing one to the app's current state."""
    with state.exclusive():
        cloud = _running(state, options)
        if cloud is not None:
            context = list(options.context) or cloud.context
            settings = settings_of(cloud.stage, cloud.name, context)
            _refuse_image(settings)
            cloud.context = context
            _deploy_again(state, cloud, options, settings)
            return
        settings = settings_of(_or(options.stage, "lab"), _or(options.name, "cloudmart"), options.context)
        _refuse_image(settings)
        if settings.has(DATA):
            # Rather now than in the middle.
            binaries.postgres()
            binaries.redis()
        cloud = _planned(options, settings)
        with _stopping_on_failure(state, cloud, keep=options.keep):
            _first_deploy(state, cloud, options, settings)


def _refuse_image(settings: "Settings") -> None:
    from cloudmart_cdk.revision import Image, application

    given = settings.backend.application
    if settings.has(BACKEND) and isinstance(application(given), Image):
        raise CloudError(
            f"backend.application: given {given}",
            why="the local cloud has no container engine; allowed here: shop, or a folder with bin/start",
            do="give a folder, or leave the stacks of the backend out (-c skip=...)",
        )


def _or(given: str | None, default: str) -> str:
    """What was given, though it be empty: the settings refuse that."""
    return default if given is None else given


def _running(state: State, options: Options) -> Cloud | None:
    """The cloud that is up, if it is the one that is meant."""
    cloud = state.load()
    if cloud is None:
        return None
    if not emulator.alive(cloud):
        say(f"The emulator of the earlier cloud (port {cloud.port}) is gone, and all it held with it: starting anew.")
        stop_all(state, cloud)
        # It took the folder for temporary files along.
        state.prepare()
        return None
    refuse_another(cloud, options)
    return cloud


def _planned(options: Options, settings: "Settings") -> Cloud:
    return Cloud(
        stage=settings.stage,
        name=settings.name,
        region=settings.region,
        account=settings.account or environment.DEFAULT_ACCOUNT,
        port=ports.claim(options.port, option="--port"),
        shop_port=ports.claim(options.shop_port, option="--shop-port"),
        context=list(options.context),
    )


@contextmanager
def _stopping_on_failure(state: State, cloud: Cloud, *, keep: bool) -> Iterator[None]:
    try:
        yield
    except BaseException:
        if keep and emulator.alive(cloud):
            say("Kept for inspection (--keep); `python -m localcloud destroy --force` stops it.")
            raise
        stop_all(state, cloud)
        say("Everything that had been started is stopped.")
        raise


def _first_deploy(state: State, cloud: Cloud, options: Options, settings: "Settings") -> None:
    began = time.monotonic()
    state.save(cloud)
    say(f"Local cloud for {cloud.prefix}: account {cloud.account}, {cloud.region}; logs in {state.logs}")
    with commands(state, cloud) as cdk:
        # The app is synthesized while the emulator starts and is bootstrapped: both take seconds.
        synth = cdk.synth()
        step = time.monotonic()
        emulator.start(state, cloud)
        say(f"  emulator on {cloud.endpoint} ({timed(step)})")
        step = time.monotonic()
        bootstrap = cdk.bootstrap()
        if bootstrap.wait() != 0:
            raise CloudError("bootstrap failed", why=bootstrap.complaint(), do=f"read {bootstrap.log}")
        say(f"  bootstrapped ({timed(step)})")
        from localcloud import leftovers

        (state.root / "baseline.json").write_text(json.dumps(leftovers.inventory(cloud)))
        synth.wait()
        say(f"  synthesized ({timed(began)} since the start)")
        deploy_stacks(cloud, cdk, options)
    _open_and_verify(state, cloud, settings, began)


def _deploy_again(state: State, cloud: Cloud, options: Options, settings: "Settings") -> None:
    began = time.monotonic()
    say(f"Local cloud for {cloud.prefix} is up on {cloud.endpoint}; logs in {state.logs}")
    with commands(state, cloud) as cdk:
        cdk.synth().wait()
        say(f"  synthesized ({timed(began)})")
        deploy_stacks(cloud, cdk, options)
    # The commands that follow go by the settings that were deployed last.
    state.save(cloud)
    _open_and_verify(state, cloud, settings, began)


def _open_and_verify(state: State, cloud: Cloud, settings: "Settings", began: float) -> None:
    from localcloud import verify

    view = verify.look(cloud, settings, ca_file=state.ca_file, objects_file=state.objects_file)
    domain = view.distribution_domain()
    if domain:
        shop.start(state, cloud, domain)
    report = verify.run(view)
    say(report.summary())
    report.raise_for_failures()
    say(f"\nOutputs\n{table(view.output_rows())}")
    say(f"\nOnly recorded, not proven\n{table(recorded_rows(state))}")
    if settings.policy == "off":
        say(f"\n{NOTICE}")
    say(f"\nUp in {timed(began)}; `make destroy` takes it down.")
    if line := tiketi.line(cloud, view.client("elbv2")):
        say(line)
    say(f"Shop: {cloud.shop}" if domain else f"AWS: {cloud.endpoint} (no FrontendCdnStack, so no shop)")

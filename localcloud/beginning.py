"""The beginning of a cloud: `start`, and what `deploy` does before its first stack.

Owns whether a cloud is up and meant, the ports that a new one gets, emulator and bootstrap, and what is stopped when
one of these fails. What is deployed into it, by whom, is not its matter: databases, caches and instances come up inside
the emulator with whatever deploys them, `cdk deploy DataStack` in a student's shell included.
"""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from localcloud import emulator, environment, leftovers, ports, shop
from localcloud.aws import Clients
from localcloud.cdk import Cdk
from localcloud.engines import binaries
from localcloud.errors import CloudError
from localcloud.report import say
from localcloud.state import Cloud, State
from localcloud.steps import Options, commands, refuse_another, settings_of, stop_all, timed

if TYPE_CHECKING:
    from cloudmart_cdk.settings import Settings


def start(state: State, options: Options) -> None:
    """A cloud with nothing in it but CDK's bootstrap; one that is up stays, and its shop is opened if it has one."""
    if state.load() is None:
        wanted(options)  # what is refused leaves no folder
    with state.exclusive():
        cloud = running(state, options)
        if cloud is None:
            settings = wanted(options)
            # Rather now than when DataStack comes.
            binaries.postgres()
            binaries.redis()
            cloud = planned(options, settings)
            began = time.monotonic()
            with stopping_on_failure(state, cloud, keep=options.keep), commands(state, cloud) as cdk:
                begin(state, cloud, cdk)
            say(f"Up in {timed(began)}, with nothing in it; `make destroy` takes it down.")
            say('In a shell:  . .venv/bin/activate; eval "$(python -m localcloud env)"')
            say("and then:    cdk deploy VpcStack -c stage=lab")
        domain = shop_domain(cloud)
        if domain:
            shop.start(state, cloud, domain)
        say(f"Shop: {cloud.shop}" if domain else f"AWS: {cloud.endpoint}")


def shop_domain(cloud: Cloud) -> str:
    """Host name of the CDN that this copy's FrontendCdnStack has made; empty without one."""
    stacks = Clients(cloud).client("cloudformation").get_paginator("describe_stacks").paginate()
    for stack in (stack for page in stacks for stack in page["Stacks"]):
        if stack["StackName"] == f"{cloud.prefix}-FrontendCdnStack":
            for output in stack.get("Outputs", []):
                if output["OutputKey"] == "ShopUrl":
                    return str(output["OutputValue"]).removeprefix("https://").rstrip("/")
    return ""


def wanted(options: Options) -> "Settings":
    """The settings of a new cloud. Raises `CommandError` for what no synth takes, as an empty name."""
    stage = "lab" if options.stage is None else options.stage
    name = "cloudmart" if options.name is None else options.name
    return settings_of(stage, name, options.context)


def running(state: State, options: Options) -> Cloud | None:
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


def planned(options: Options, settings: "Settings") -> Cloud:
    """A cloud to be started: its account, its ports."""
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
def stopping_on_failure(state: State, cloud: Cloud, *, keep: bool) -> Iterator[None]:
    """What a first deploy, or a start, has begun does not outlive its failure."""
    try:
        yield
    except BaseException:
        if keep and emulator.alive(cloud):
            say("Kept for inspection (--keep); `python -m localcloud destroy --force` stops it.")
            raise
        stop_all(state, cloud)
        say("Everything that had been started is stopped.")
        raise


def begin(state: State, cloud: Cloud, cdk: Cdk) -> None:
    """Emulator, bootstrap in both regions, and the inventory that a destroy is judged by."""
    state.save(cloud)
    say(f"Local cloud for {cloud.prefix}: account {cloud.account}, {cloud.region}; logs in {state.logs}")
    step = time.monotonic()
    emulator.start(state, cloud)
    say(f"  emulator on {cloud.endpoint} ({timed(step)})")
    step = time.monotonic()
    bootstrap = cdk.bootstrap()
    if bootstrap.wait() != 0:
        raise CloudError("bootstrap failed", why=bootstrap.complaint(), do=f"read {bootstrap.log}")
    say(f"  bootstrapped ({timed(step)})")
    (state.root / "baseline.json").write_text(json.dumps(leftovers.inventory(cloud)))

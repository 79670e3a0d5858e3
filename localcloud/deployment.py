"""`deploy`: bring the local cloud up, or an existing one up to date.

Owns the order: what is deployed when, and what is shown at the end. What comes before the first stack is `beginning`.
"""

import time
from typing import TYPE_CHECKING

from cloudmart_cdk.policy.off import NOTICE
from cloudmart_cdk.settings.topology import BACKEND, DATA
from localcloud import shop, tiketi
from localcloud.beginning import begin, planned, running, stopping_on_failure, wanted
from localcloud.engines import binaries
from localcloud.errors import CloudError
from localcloud.report import say, table
from localcloud.state import Cloud, State
from localcloud.steps import (
    Options,
    commands,
    deploy_stacks,
    recorded_rows,
    settings_of,
    timed,
)

if TYPE_CHECKING:
    from cloudmart_cdk.settings import Settings


def deploy(state: State, options: Options) -> None:
    """Brings the cloud up, or an existing one to the app's current state."""
    if state.load() is None:
        _refuse_image(wanted(options))  # what is refused leaves no folder
    with state.exclusive():
        cloud = running(state, options)
        if cloud is not None:
            context = list(options.context) or cloud.context
            settings = settings_of(cloud.stage, cloud.name, context)
            _refuse_image(settings)
            cloud.context = context
            _deploy_again(state, cloud, options, settings)
            return
        settings = wanted(options)
        _refuse_image(settings)
        if settings.has(DATA):
            # Rather now than in the middle.
            binaries.postgres()
            binaries.redis()
        cloud = planned(options, settings)
        with stopping_on_failure(state, cloud, keep=options.keep):
            _first_deploy(state, cloud, options, settings)


def _refuse_image(settings: "Settings") -> None:
    from cloudmart_cdk.revision import Image, application

    chosen = settings.backend.application
    if settings.has(BACKEND) and isinstance(application(chosen), Image):
        raise CloudError(
            f"backend.application: given {chosen}",
            why="the local cloud has no container engine; allowed here: shop, or a folder with bin/start",
            do="give a folder, or leave the stacks of the backend out (-c skip=...)",
        )


def _first_deploy(state: State, cloud: Cloud, options: Options, settings: "Settings") -> None:
    began = time.monotonic()
    with commands(state, cloud) as cdk:
        # The app is synthesized while the emulator starts and is bootstrapped: both take seconds.
        synth = cdk.synth()
        begin(state, cloud, cdk)
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

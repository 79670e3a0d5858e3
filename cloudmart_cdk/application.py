"""The one place where stacks meet."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aws_cdk as cdk

from .policy import attach
from .settings import Settings
from .settings.topology import BACKEND, DATA, VPC
from .stacks.backend import BackendAsgStack
from .stacks.data import DataStack
from .stacks.vpc import VpcStack

_GITIGNORE = Path(__file__).parents[1] / "cdk.out.gitignore"


def build_app(
    settings: Settings,
    *,
    context: Mapping[str, Any] | None = None,
    outdir: str | None = None,
    validate_templates: bool | None = None,
) -> cdk.App:
    """Compose the stacks of one stage, wire them, attach the policies; `app.synth()` is the caller's.

    `context`: CDK's own keys (feature flags) where no CLI hands them over, as in tests. `outdir`:
    where the assembly goes. `validate_templates`: CDK's built-in validation (5 s a process); None: as
    the environment says.
    """
    app = cdk.App(
        context=context, outdir=outdir, builtin_cloud_formation_validation=validate_templates, analytics_reporting=False
    )
    _compose(app, settings)
    attach(app)
    (Path(app.outdir) / ".gitignore").write_bytes(_GITIGNORE.read_bytes())
    return app


def _compose(app: cdk.App, settings: Settings) -> None:
    """Each stack from what it needs; `settings.checks` has refused to skip a stack that an enabled one needs."""
    vpc = VpcStack(app, VPC, settings=settings) if settings.has(VPC) else None
    data = backend = None
    if vpc and settings.has(DATA):
        data = DataStack(
            app, DATA, settings=settings, network=vpc.network, firewall=vpc.firewall, log_bucket=vpc.log_bucket
        )
    if vpc and data and settings.has(BACKEND):
        backend = BackendAsgStack(
            app,
            BACKEND,
            settings=settings,
            network=vpc.network,
            firewall=vpc.firewall,
            log_bucket=vpc.log_bucket,
            secrets=data.secrets,
            data_key=data.key,
        )

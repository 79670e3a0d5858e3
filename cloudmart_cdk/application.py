"""The one place where stacks meet."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aws_cdk as cdk

from .policy import attach
from .settings import Settings
from .settings.topology import VPC
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
    if settings.has(VPC):
        VpcStack(app, VPC, settings=settings)
    attach(app)
    (Path(app.outdir) / ".gitignore").write_bytes(_GITIGNORE.read_bytes())
    return app

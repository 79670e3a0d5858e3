"""The one place where stacks meet."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aws_cdk as cdk

from .constructs.lambda_logs import own_provider_logs
from .constructs.log_groups import LogGroups
from .constructs.watched import Watched, WatchedCanary, WatchedLogs
from .policy.plugin import attach
from .settings import Settings
from .settings.topology import BACKEND, DATA, DELIVERY, EDGE, EDGE_WATCH, EKS, FRONTEND, LAB_ACCOUNT, MONITORING, VPC
from .stacks.backend import BackendAsgStack
from .stacks.base import UNTAGGABLE, common_tags
from .stacks.data import DataStack
from .stacks.delivery import DeliveryStack
from .stacks.edge import EdgeStack
from .stacks.edge_watch import EdgeWatchStack
from .stacks.eks import EksPlatformStack
from .stacks.frontend import FrontendCdnStack
from .stacks.lab_account import LabAccountStack
from .stacks.monitoring import MonitoringStack
from .stacks.vpc import VpcStack

_GITIGNORE = Path(__file__).parents[1] / "cdk.out.gitignore"
_NO_TRACES = {"aws:cdk:disable-creation-stack-traces": True}
"""They name jsii's temporary folder, so no two assemblies would agree; `stack_traces` is about other ones."""


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
        context={**(context or {}), **_NO_TRACES},
        outdir=outdir,
        builtin_cloud_formation_validation=validate_templates,
        analytics_reporting=False,
        # Through jsii every trace ends in jsii's own program: a tenth of a second for nothing.
        stack_traces=False,
    )
    # On resources too: CloudFormation hands stack tags on to most types, not to all.
    for key, value in common_tags(settings).items():
        cdk.Tags.of(app).add(key, value, exclude_resource_types=UNTAGGABLE)
    _compose(app, settings)
    if settings.policy == "on":
        attach(app, settings)
    (Path(app.outdir) / ".gitignore").write_bytes(_GITIGNORE.read_bytes())
    return app


def _compose(app: cdk.App, settings: Settings) -> None:
    """Each stack from what it needs; `settings.checks` has refused to skip a stack that an enabled one needs."""
    vpc = VpcStack(app, VPC, settings=settings) if settings.has(VPC) else None
    log_groups = vpc.log_groups if vpc else LogGroups(retention_days=settings.log_retention_days)
    data = backend = None
    if vpc and settings.has(DATA):
        data = DataStack(
            app,
            DATA,
            settings=settings,
            network=vpc.network,
            firewall=vpc.firewall,
            log_bucket=vpc.log_bucket,
            log_groups=log_groups,
        )
    if vpc and data and settings.has(BACKEND):
        backend = BackendAsgStack(
            app,
            BACKEND,
            settings=settings,
            network=vpc.network,
            firewall=vpc.firewall,
            log_bucket=vpc.log_bucket,
            log_groups=log_groups,
            secrets=data.secrets,
            data_key=data.key,
            behind_cdn=settings.has(FRONTEND),
        )
    frontend = None
    if vpc and data and backend and settings.has(FRONTEND):
        edge = EdgeStack(app, EDGE, settings=settings) if settings.has(EDGE) else None
        frontend = FrontendCdnStack(
            app,
            FRONTEND,
            settings=settings,
            log_bucket=vpc.log_bucket,
            log_groups=log_groups,
            images=data.images,
            api_host=backend.host_name,
            origin_secret_name=backend.origin_secret_name,
            web_acl_arn=edge.web_acl_arn if edge else None,
            certificate=edge.certificate if edge else None,
        )
        # Known by name, not by reference: the origin's secret, and with a domain the load balancer too.
        frontend.add_stack_dependency(backend)
        if settings.has(EDGE_WATCH):
            EdgeWatchStack(app, EDGE_WATCH, settings=settings, distribution=frontend.watched_distribution)
    eks = None
    if vpc and settings.has(EKS):
        eks = EksPlatformStack(
            app,
            EKS,
            settings=settings,
            network=vpc.network,
            firewall=vpc.firewall,
            log_bucket=vpc.log_bucket,
            log_groups=log_groups,
        )
    if settings.has(MONITORING):
        monitoring = MonitoringStack(
            app,
            MONITORING,
            settings=settings,
            watched=Watched(
                network=vpc.watched_network if vpc else None,
                shop=backend.watched_load_balancer if backend else None,
                backend=backend.watched_groups if backend else None,
                tiketi=eks.watched_load_balancer if eks else None,
                cluster=eks.watched_cluster if eks else None,
                database=data.watched_database if data else None,
                cache=data.watched_cache if data else None,
                rotation=data.watched_rotation if data else None,
                backup=data.watched_backup if data else None,
                restore_drill=data.watched_restore_drill if data else None,
                distribution=frontend.watched_distribution if frontend else None,
                canary=_canary(settings) if frontend else None,
                logs=WatchedLogs(
                    application=backend.application_log if backend else None,
                    flow=vpc.network.flow_log if vpc else None,
                    functions=data.function_logs if data else (),
                ),
            ),
            log_bucket=vpc.log_bucket if vpc else None,
            log_groups=log_groups,
        )
        # Not all that is watched is referenced: names by the naming scheme, alarms in composite alarms' rules.
        for stack in (vpc, data, backend, frontend, eks):
            if stack:
                monitoring.add_stack_dependency(stack)
    if settings.has(LAB_ACCOUNT):
        LabAccountStack(app, LAB_ACCOUNT, settings=settings)
    if settings.has(DELIVERY):
        DeliveryStack(app, DELIVERY, settings=settings)
    for child in app.node.children:
        if isinstance(child, cdk.Stack):
            own_provider_logs(child, log_groups)


def _canary(settings: Settings) -> WatchedCanary | None:
    """It is MonitoringStack's, known by its name."""
    minutes = settings.monitoring.canary_minutes
    return WatchedCanary(name=settings.names.of("shop"), minutes=minutes) if minutes else None

"""DeliveryStack: by whom the pipeline deploys this stage. There where `delivery.github_repository` names somebody.

A person deploys it, never the pipeline: who may deploy is not for those to say who do (ADR 0026).
"""

from constructs import Construct

from ..constructs.pipeline_role import PipelineRoles
from ..settings import Settings
from ..settings.topology import EDGE, EDGE_REGION, EDGE_WATCH
from .base import CloudMartStack


class DeliveryStack(CloudMartStack):
    """Needs nothing, nothing needs it."""

    def __init__(self, scope: Construct, id: str, *, settings: Settings) -> None:
        super().__init__(scope, id, settings=settings, description="CloudMart: by whom the pipeline deploys")
        regions = [settings.region]
        if settings.region != EDGE_REGION and (settings.has(EDGE) or settings.has(EDGE_WATCH)):
            regions.append(EDGE_REGION)
        PipelineRoles(
            self,
            "Pipeline",
            names=settings.names,
            repository=settings.delivery.github_repository,
            regions=regions,
            make_provider=settings.delivery.github_provider,
        )

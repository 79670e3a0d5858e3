"""The stacks and who needs whom: specification section 8, "Dependencies, and no others".

Owns the names and the graph, as data. `application.build_app` wires them; tests compare the
synthesized manifest with this table.
"""

from typing import Final

VPC: Final = "VpcStack"
DATA: Final = "DataStack"
BACKEND: Final = "BackendAsgStack"
FRONTEND: Final = "FrontendCdnStack"
EKS: Final = "EksPlatformStack"
MONITORING: Final = "MonitoringStack"
EDGE: Final = "EdgeStack"
EDGE_WATCH: Final = "EdgeWatchStack"
LAB_ACCOUNT: Final = "LabAccountStack"
DELIVERY: Final = "DeliveryStack"

SKIPPABLE: Final = (VPC, DATA, BACKEND, FRONTEND, EKS, MONITORING, EDGE_WATCH)
"""What `-c skip=` takes. EdgeStack is not among them: it is present exactly when Frontend needs it."""

EDGE_REGION: Final = "us-east-1"
"""CloudFront's certificates, web ACLs and metrics exist in this region only."""

NEEDS: Final[dict[str, tuple[str, ...]]] = {
    VPC: (),
    DATA: (VPC,),
    BACKEND: (VPC, DATA),
    FRONTEND: (VPC, DATA, BACKEND),
    EKS: (VPC,),
    EDGE: (),
    EDGE_WATCH: (FRONTEND,),
    MONITORING: (),
    LAB_ACCOUNT: (),
    DELIVERY: (),
}
"""Stack -> the stacks it cannot do without. MonitoringStack reads whichever of the others are there."""

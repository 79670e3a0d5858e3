"""VpcStack: network, firewall and the stage's log bucket. Specification section 2."""

from aws_cdk import aws_ssm as ssm
from constructs import Construct

from ..constructs.firewall import Firewall
from ..constructs.log_bucket import LogBucket
from ..constructs.network import Network
from ..constructs.watched import WatchedNetwork
from ..security_groups import Group, groups, rules
from ..settings import Settings
from .base import CloudMartStack


class VpcStack(CloudMartStack):
    """Needs nothing. Hands out `network`, `firewall`, `log_bucket`, `log_groups`, and what is watched."""

    def __init__(self, scope: Construct, id: str, *, settings: Settings) -> None:
        super().__init__(scope, id, settings=settings, description="CloudMart: network, firewall, log bucket")
        logs = LogBucket(self, "Logs", expire_days=settings.logs.expire_days, keep=settings.keeps_data)
        self.log_bucket = logs.for_writers
        self.log_groups = self.own_log_groups(settings, alias="logs")
        self.network = Network(
            self,
            "Network",
            settings=settings.network,
            prefix=settings.names.prefix,
            zone_name=settings.names.internal_zone(),
            log_bucket=logs.bucket,
            log_groups=self.log_groups,
        )
        self.watched_network = WatchedNetwork(nat_ids=tuple(self.network.nat_ids))
        self.firewall = Firewall(
            self,
            "Firewall",
            prefix=settings.names.prefix,
            vpc=self.network.vpc,
            groups=groups(settings),
            rules=rules(settings),
        )
        ssm.CfnParameter(
            self,
            "LogBucketParameter",
            type="String",
            name=settings.names.parameter("logs/bucket"),
            value=logs.bucket.bucket_name,
        )
        if settings.network.interface_endpoints:
            self.network.add_interface_endpoints(self.firewall[Group.ENDPOINTS])

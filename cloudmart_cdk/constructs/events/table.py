"""Which events of AWS people hear of: specification section 7, by what they are about.

Owns patterns and wording of scaling, disks, database and cluster; `operation` and `account` hold the others. Filtered
to this stage's names, since twelve students share an account, but for what carries an id only (a stopped instance, a
failed volume): there to what hardly ever happens. All is delivered at best effort, so alarms watch states, and events
say what changed and why.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from ..alarms import Severity
from ..watched import Watched, WatchedDatabase
from . import operation
from .rules import WHO, Event, calls

CLUSTER_TAG: Final = "Cluster"
"""Of volumes that pods claim: the cluster's name (the disk driver's `extraVolumeTags`)."""


def stage_events(watched: Watched, *, prefix: str, region: str, whole_account: bool) -> Iterator[Event]:
    """The stage's own. `prefix`: `<name>-<stage>`. `whole_account`: nobody else makes volumes in the account."""
    console = f"https://{region}.console.aws.amazon.com"
    ec2 = f"{console}/ec2/home?region={region}"
    cluster = watched.cluster
    groups = [
        *(watched.backend.names.values() if watched.backend else ()),
        *({"prefix": f"eks-{name}-"} for name in (cluster.node_groups if cluster else ())),
    ]
    if groups:
        yield from _scaling(groups, f"{ec2}#AutoScalingGroups:")
        yield from _machines(ec2)
    if whole_account:
        yield _volume(None, f"{ec2}#Volumes:")
    elif cluster:
        yield _volume(cluster.name, f"{ec2}#Volumes:")
    if watched.backend:
        yield operation.deployment(f"{prefix}-backend", f"{console}/codesuite/codedeploy/deployments")
    if watched.database:
        yield from _database(watched.database, f"{console}/rds/home?region={region}#events:")
    if cluster:
        yield from _cluster(cluster.name, f"{console}/eks/home?region={region}#/clusters")
        yield operation.image(prefix, f"{console}/ecr/private-registry/repositories?region={region}")
    if watched.backup:
        yield operation.backup(watched.backup.vault, f"{console}/backup/home?region={region}#/jobs/backup")
    runs = f"{console}/systems-manager/automation/executions?region={region}"
    yield operation.automation(prefix, runs)
    if watched.restore_drill:
        yield operation.drill(watched.restore_drill, runs)
    yield operation.secret(prefix, f"{console}/secretsmanager/listsecrets?region={region}")


def _scaling(groups: Sequence[Any], link: str) -> Iterator[Event]:
    """Instances that come and go, of the backend's groups and of the node groups' (`eks-<node group>-<uuid>`)."""
    detail = {"AutoScalingGroupName": list(groups)}
    values = {
        "what": "$.detail-type",
        "group": "$.detail.AutoScalingGroupName",
        "instance": "$.detail.EC2InstanceId",
        "cause": "$.detail.Cause",
        "why": "$.detail.StatusMessage",
    }
    yield Event(
        id="Scaled",
        tells="An instance of the backend or of the cluster was launched or terminated",
        pattern={
            "source": ["aws.autoscaling"],
            "detail-type": ["EC2 Instance Launch Successful", "EC2 Instance Terminate Successful"],
            "detail": detail,
        },
        values=values,
        line=f"<what>: <instance> of <group>. <cause> {link}",
    )
    yield Event(
        id="ScalingFailed",
        tells="An instance could not be launched or terminated, or a rolling replacement failed",
        pattern={
            "source": ["aws.autoscaling"],
            "detail-type": [
                "EC2 Instance Launch Unsuccessful",
                "EC2 Instance Terminate Unsuccessful",
                "EC2 Auto Scaling Instance Refresh Failed",
            ],
            "detail": detail,
        },
        values=values,
        line=f"<what>: <group> <instance>. <why> <cause> {link}",
        severity=Severity.WARNING,
    )


def _machines(link: str) -> Iterator[Event]:
    """Instances and volumes, whose events carry an id and no name. Launches and terminations are `_scaling`'s."""
    yield Event(
        id="InstanceStopped",
        # Scaling groups terminate and never stop: this is somebody's hand, of any team of the account.
        tells="An instance of this account was stopped, which no scaling group does",
        pattern={
            "source": ["aws.ec2"],
            "detail-type": ["EC2 Instance State-change Notification"],
            "detail": {"state": ["stopped"]},
        },
        values={"instance": "$.detail.instance-id", "state": "$.detail.state", "account": "$.account"},
        line=f"Instance <instance> of account <account> is <state>. {link}#Instances:instanceId=<instance>",
    )
    yield Event(
        id="VolumeFailed",
        tells="A volume of this account could not be made or attached, most often for want of its key",
        pattern={
            "source": ["aws.ec2"],
            "detail-type": ["EBS Volume Notification"],
            "detail": {"event": ["attachVolume", "createVolume", "reattachVolume"], "result": ["failed"]},
        },
        values={"what": "$.detail.event", "why": "$.detail.cause", "volume": "$.resources[0]"},
        line=f"<what> failed for <volume>: <why>. {link}#Volumes:",
    )


def _volume(cluster: str | None, link: str) -> Event:
    """Volumes made by themselves, by the call: EBS's own event carries no tag and comes with every instance of every
    team. `cluster`: whose pods' volumes are told; None: all that anybody makes."""
    ours = {"items": {"tags": {"key": [CLUSTER_TAG], "value": [cluster]}}}
    return Event(
        id="VolumeCreated",
        tells="A volume was made by itself: for a pod that claimed it, or by a person",
        pattern=calls(
            "ec2", ["CreateVolume"], {"requestParameters": {"tagSpecificationSet": ours}} if cluster else None
        ),
        values=WHO
        | {
            "volume": "$.detail.responseElements.volumeId",
            "size": "$.detail.requestParameters.size",
            "zone": "$.detail.requestParameters.zone",
        },
        line=f"Volume <volume> of <size> GiB in <zone> by <who>. <refused> {link}",
    )


def _database(database: WatchedDatabase, link: str) -> Iterator[Event]:
    """RDS's own categories (RDS guide, "Amazon RDS event categories and event messages"); Aurora's of the cluster."""
    pattern = {
        "source": ["aws.rds"],
        "detail-type": ["RDS DB Cluster Event" if database.aurora else "RDS DB Instance Event"],
    }
    ids = [database.id, *database.replica_ids]
    values = {
        "server": "$.detail.SourceIdentifier",
        "what": "$.detail.Message",
        "id": "$.detail.EventID",
        "category": "$.detail.EventCategories[0]",
    }
    for id, tells, severity, categories in (
        (
            "DatabaseTroubled",
            "The database failed over, failed, recovers or runs out of storage",
            Severity.WARNING,
            ("failover", "failure", "low storage", "recovery"),
        ),
        (
            "DatabaseChanged",
            "The database was started, stopped, patched, restored, deleted, or awaits maintenance",
            Severity.INFO,
            (
                "availability",
                "deletion",
                "maintenance",
                "notification",
                "read replica",
                "restoration",
                "security patching",
            ),
        ),
    ):
        yield Event(
            id=id,
            tells=tells,
            pattern=pattern | {"detail": {"SourceIdentifier": ids, "EventCategories": list(categories)}},
            values=values,
            line=f"Database <server>, <category>: <what> (<id>). {link}",
            severity=severity,
        )


def _cluster(name: str, link: str) -> Iterator[Event]:
    """EKS tells EventBridge of add-ons itself, and of all else through CloudTrail (EventBridge reference, "Amazon
    Elastic Kubernetes Service events"). What an add-on's event holds is documented nowhere: its ARN is its resource,
    as with other services; the name is asked for too."""
    yield Event(
        id="AddonTroubled",
        tells="An add-on of the cluster failed to change, or is not healthy",
        pattern={
            "source": ["aws.eks"],
            "detail-type": [
                "EKS Addon Creation Failed",
                "EKS Addon Deletion Failed",
                "EKS Addon Health Degraded",
                "EKS Addon Update Failed",
            ],
            "$or": [
                {"resources": [{"wildcard": f"arn:aws:eks:*:addon/{name}/*"}]},
                {"detail": {"clusterName": [name]}},
            ],
        },
        values={"what": "$.detail-type", "addon": "$.resources[0]"},
        line=f"<what> in {name}: <addon>. {link}/{name}",
        severity=Severity.WARNING,
    )
    yield Event(
        id="ClusterChanged",
        tells="The cluster, a node group, an add-on or who may enter was changed, and not by a deploy",
        pattern=calls(
            "eks",
            [{"prefix": verb} for verb in ("Associate", "Create", "Delete", "Disassociate", "Update")],
            {"$or": [{"requestParameters": {key: [name]}} for key in ("name", "clusterName")]},
        ),
        values=WHO | {"nodes": "$.detail.requestParameters.nodegroupName"},
        line=f"<call> <nodes> on cluster {name} by <who>. <refused> {link}/{name}",
    )

"""Whether names are free that a stack is going to give.

A name of a stack that is there already is its own. One that is taken otherwise was kept from before (data that stays
when the stacks go, log groups, secrets that wait for their deletion), or is somebody else's: CloudFormation would fail
with "already exists", for the last of them half an hour into the deploy.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from cloudmart_cdk.settings.topology import EDGE_REGION
from preflight.account import Account
from preflight.finding import Finding, error, ok
from preflight.needs import Needs

_LEFTOVERS = "`python -m labs.leftovers` finds what a copy of the shop left; or deploy another copy (--name)"


def _nothing(_needs: Needs) -> Mapping[str, Any]:
    return {}


@dataclass(frozen=True, kw_only=True)
class Kind:
    """How the names of a kind are listed."""

    words: str
    type: str
    name: str
    """The property with the name."""
    call: tuple[str, str, str]
    """Service, operation, and where the list stands in its answer."""
    key: str = ""
    """Where the name stands in an element; empty: the element is the name."""
    parameters: Callable[[Needs], Mapping[str, Any]] = field(default=_nothing)
    only: tuple[str, str] | None = None
    """A property and what it has to be; others of the type are another kind."""
    region: str = ""
    """Where it is listed, if not where its stack is."""
    remove: str = _LEFTOVERS

    def check(self, account: Account, needs: Needs) -> Iterator[Finding]:
        """A line for all that are free, and one for each that is not."""
        wanted: dict[str, set[str]] = {}
        for resource in needs.new(self.type):
            if self.only and resource.get(self.only[0]) != self.only[1]:
                continue
            name = self._name(account, resource.get(self.name), resource.region)
            if name:
                wanted.setdefault(self.region or resource.region, set()).add(name)
        free = 0
        for region, names in wanted.items():
            taken = self._taken(account, needs, region)
            free += len(names - taken.keys())
            for name in sorted(names & taken.keys()):
                waiting = taken[name].get("DeletedDate")
                state = f"a secret that is to be deleted since {waiting:%Y-%m-%d}" if waiting else "one that is there"
                yield error(
                    f"name {name}", given=f"{state}, of no stack of this copy", allowed="none", do=self._do(name)
                )
        if free:
            yield ok(f"names of {self.words}", f"{free} free")

    def _taken(self, account: Account, needs: Needs, region: str) -> dict[str, Mapping[str, Any]]:
        service, operation, path = self.call
        elements = account.all(service, operation, path, region=region, **self.parameters(needs))
        if not self.key:
            return {str(element).rsplit("/", 1)[-1]: {} for element in elements}  # queues are listed by address
        return {str(element[self.key]): element for element in elements}

    def _name(self, account: Account, value: Any, region: str) -> str:
        if not isinstance(value, str):
            return ""  # CloudFormation makes one up
        if self.name == "BucketNamePrefix":
            return f"{value}-{account.id}-{region}-an"  # the account-regional namespace
        return value

    def _do(self, name: str) -> str:
        return self.remove.replace("NAME", name)


def _log_groups(needs: Needs) -> Mapping[str, Any]:
    return {"logGroupNamePattern": needs.settings.names.prefix}


def _secrets(needs: Needs) -> Mapping[str, Any]:
    return {"IncludePlannedDeletion": True, "Filters": [{"Key": "name", "Values": [needs.settings.names.prefix]}]}


def _parameters(needs: Needs) -> Mapping[str, Any]:
    path = needs.settings.names.parameter("")
    return {"ParameterFilters": [{"Key": "Name", "Option": "BeginsWith", "Values": [path]}]}


def _regional(_needs: Needs) -> Mapping[str, Any]:
    return {"Scope": "REGIONAL"}


def _cloudfronts(_needs: Needs) -> Mapping[str, Any]:
    return {"Scope": "CLOUDFRONT"}


def _own_documents(_needs: Needs) -> Mapping[str, Any]:
    return {"Filters": [{"Key": "Owner", "Values": ["Self"]}]}


def _alarms(needs: Needs) -> Mapping[str, Any]:
    return {"AlarmNamePrefix": needs.settings.names.prefix, "AlarmTypes": ["MetricAlarm"]}


def _composite_alarms(needs: Needs) -> Mapping[str, Any]:
    return {"AlarmNamePrefix": needs.settings.names.prefix, "AlarmTypes": ["CompositeAlarm"]}


def _queues(needs: Needs) -> Mapping[str, Any]:
    return {"QueueNamePrefix": needs.settings.names.prefix}


KINDS = (
    Kind(
        words="log groups",
        type="AWS::Logs::LogGroup",
        name="LogGroupName",
        call=("logs", "describe_log_groups", "logGroups"),
        key="logGroupName",
        parameters=_log_groups,
        remove="`aws logs delete-log-group --log-group-name NAME` when nobody needs its lines",
    ),
    Kind(
        words="secrets",
        type="AWS::SecretsManager::Secret",
        name="Name",
        call=("secretsmanager", "list_secrets", "SecretList"),
        key="Name",
        parameters=_secrets,
        remove="`aws secretsmanager delete-secret --force-delete-without-recovery --secret-id NAME` when nobody needs "
        "it; else restore it and import it (`cdk import`)",
    ),
    Kind(
        words="buckets",
        type="AWS::S3::Bucket",
        name="BucketNamePrefix",
        call=("s3", "list_buckets", "Buckets"),
        key="Name",
        remove="import it (`cdk import`) when its data counts, else empty and delete it: `aws s3 rb --force s3://NAME`",
    ),
    Kind(
        words="load balancers",
        type="AWS::ElasticLoadBalancingV2::LoadBalancer",
        name="Name",
        call=("elbv2", "describe_load_balancers", "LoadBalancers"),
        key="LoadBalancerName",
    ),
    Kind(
        words="databases",
        type="AWS::RDS::DBInstance",
        name="DBInstanceIdentifier",
        call=("rds", "describe_db_instances", "DBInstances"),
        key="DBInstanceIdentifier",
        remove="import it (`cdk import`) when its data counts; else deploy another copy (--name) or delete it",
    ),
    Kind(
        words="clusters",
        type="AWS::EKS::Cluster",
        name="Name",
        call=("eks", "list_clusters", "clusters"),
    ),
    Kind(
        words="image repositories",
        type="AWS::ECR::Repository",
        name="RepositoryName",
        call=("ecr", "describe_repositories", "repositories"),
        key="repositoryName",
        remove="`aws ecr delete-repository --force --repository-name NAME` when nobody needs its images",
    ),
    Kind(
        words="keys' aliases",
        type="AWS::KMS::Alias",
        name="AliasName",
        call=("kms", "list_aliases", "Aliases"),
        key="AliasName",
        remove="`aws kms delete-alias --alias-name NAME`; its key stays, and so does what it encrypts",
    ),
    Kind(
        words="parameters",
        type="AWS::SSM::Parameter",
        name="Name",
        call=("ssm", "describe_parameters", "Parameters"),
        key="Name",
        parameters=_parameters,
        remove="`aws ssm delete-parameter --name NAME`",
    ),
    Kind(
        words="Automation documents",
        type="AWS::SSM::Document",
        name="Name",
        call=("ssm", "list_documents", "DocumentIdentifiers"),
        key="Name",
        parameters=_own_documents,
        remove="`aws ssm delete-document --name NAME`",
    ),
    Kind(
        words="scaling groups",
        type="AWS::AutoScaling::AutoScalingGroup",
        name="AutoScalingGroupName",
        call=("autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups"),
        key="AutoScalingGroupName",
    ),
    Kind(
        words="queues",
        type="AWS::SQS::Queue",
        name="QueueName",
        call=("sqs", "list_queues", "QueueUrls"),
        parameters=_queues,
    ),
    Kind(
        words="functions",
        type="AWS::Lambda::Function",
        name="FunctionName",
        call=("lambda", "list_functions", "Functions"),
        key="FunctionName",
        remove="`aws lambda delete-function --function-name NAME`",
    ),
    Kind(
        words="alarms",
        type="AWS::CloudWatch::Alarm",
        name="AlarmName",
        call=("cloudwatch", "describe_alarms", "MetricAlarms"),
        key="AlarmName",
        parameters=_alarms,
        remove="`aws cloudwatch delete-alarms --alarm-names NAME`",
    ),
    Kind(
        words="composite alarms",
        type="AWS::CloudWatch::CompositeAlarm",
        name="AlarmName",
        call=("cloudwatch", "describe_alarms", "CompositeAlarms"),
        key="AlarmName",
        parameters=_composite_alarms,
        remove="`aws cloudwatch delete-alarms --alarm-names NAME`",
    ),
    Kind(
        words="web ACLs",
        type="AWS::WAFv2::WebACL",
        name="Name",
        call=("wafv2", "list_web_acls", "WebACLs"),
        key="Name",
        parameters=_regional,
        only=("Scope", "REGIONAL"),
    ),
    Kind(
        words="CloudFront's web ACLs",
        type="AWS::WAFv2::WebACL",
        name="Name",
        call=("wafv2", "list_web_acls", "WebACLs"),
        key="Name",
        parameters=_cloudfronts,
        only=("Scope", "CLOUDFRONT"),
        region=EDGE_REGION,
    ),
    Kind(
        words="CloudFront functions",
        type="AWS::CloudFront::Function",
        name="Name",
        call=("cloudfront", "list_functions", "FunctionList.Items"),
        key="Name",
        region=EDGE_REGION,
    ),
    Kind(
        words="database proxies",
        type="AWS::RDS::DBProxy",
        name="DBProxyName",
        call=("rds", "describe_db_proxies", "DBProxies"),
        key="DBProxyName",
    ),
    Kind(
        words="CodeDeploy applications",
        type="AWS::CodeDeploy::Application",
        name="ApplicationName",
        call=("codedeploy", "list_applications", "applications"),
    ),
    Kind(
        words="trace groups",
        type="AWS::XRay::Group",
        name="GroupName",
        call=("xray", "get_groups", "Groups"),
        key="GroupName",
    ),
    Kind(
        words="objectives",
        type="AWS::ApplicationSignals::ServiceLevelObjective",
        name="Name",
        call=("application-signals", "list_service_level_objectives", "SloSummaries"),
        key="Name",
    ),
    Kind(
        words="backup vaults",
        type="AWS::Backup::BackupVault",
        name="BackupVaultName",
        call=("backup", "list_backup_vaults", "BackupVaultList"),
        key="BackupVaultName",
        remove="its recovery points may be all that is left of a database: look first, then delete them and it",
    ),
    Kind(
        words="trails",
        type="AWS::CloudTrail::Trail",
        name="TrailName",
        call=("cloudtrail", "list_trails", "Trails"),
        key="Name",
    ),
)

"""Family AWS: what AWS refuses, or quietly ignores."""

from collections.abc import Mapping
from typing import Any

from cloudmart_cdk.policy.families import limits
from cloudmart_cdk.policy.model import Deployment, Stack
from cloudmart_cdk.policy.rule import Finding
from cloudmart_cdk.settings import load_settings
from tests.policy.support import Case, bad, deployment, each, found, good, resource

_SEOUL, _VIRGINIA = "ap-northeast-2", "us-east-1"
_THERE = {"region": _VIRGINIA}
_LIFECYCLE = "LifecycleConfiguration"


def _ref(name: str) -> dict[str, str]:
    return {"Ref": name}


def _arn(name: str) -> dict[str, list[str]]:
    return {"Fn::GetAtt": [name, "Arn"]}


def _allow(service: str, *actions: str) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": {"Service": service}, "Action": list(actions), "Resource": "*"}


def _bucket(*rules: Any, **more: Any) -> dict[str, Any]:
    return resource("AWS::S3::Bucket", {_LIFECYCLE: {"Rules": list(rules)}, **more})


def _steps(*steps: tuple[Any, str], **more: Any) -> dict[str, Any]:
    return {"Transitions": [{"TransitionInDays": days, "StorageClass": name} for days, name in steps], **more}


def _lifecycle(name: str, *steps: tuple[Any, str], finds: bool, says: str = "", **more: Any) -> Case:
    resources = {"B": _bucket(_steps(*steps, **more))}
    return bad("AWS-1", name, resources, says=says) if finds else good("AWS-1", name, resources)


_LIFECYCLES = (
    _lifecycle("colder and colder", (30, "STANDARD_IA"), (90, "GLACIER"), finds=False, ExpirationInDays=365),
    _lifecycle("in any order of writing", (90, "GLACIER"), (30, "STANDARD_IA"), finds=False),
    _lifecycle("days as text", ("30", "STANDARD_IA"), finds=False, ExpirationInDays="365"),
    _lifecycle("no transition", finds=False, ExpirationInDays=1),
    _lifecycle("warmer again", (30, "GLACIER"), (90, "STANDARD_IA"), finds=True, says="GLACIER"),
    _lifecycle("Intelligent-Tiering to Standard-IA", (30, "INTELLIGENT_TIERING"), (90, "STANDARD_IA"), finds=True),
    _lifecycle("two on one day", (90, "GLACIER_IR"), (90, "GLACIER"), finds=True),
    _lifecycle("one class twice", (90, "GLACIER"), (120, "GLACIER"), finds=True),
    _lifecycle("STANDARD, where objects begin", (30, "STANDARD"), finds=True),
    _lifecycle("a class that is none", (30, "FREEZER"), finds=True, says="in the order STANDARD_IA, "),
    _lifecycle("Standard-IA on day 29", (29, "STANDARD_IA"), finds=True, says="after 30 days or more"),
    _lifecycle("One Zone-IA at once", (0, "ONEZONE_IA"), finds=True),
    _lifecycle("days from a parameter", (_ref("Days"), "STANDARD_IA"), finds=True),
    _lifecycle("an end before the last step", (90, "GLACIER"), finds=True, says="gone after 60", ExpirationInDays=60),
    _lifecycle("an end on the last step", (90, "GLACIER"), finds=True, ExpirationInDays="90"),
    _lifecycle("an end from a parameter", (90, "GLACIER"), finds=True, ExpirationInDays=_ref("Days")),
    bad("AWS-1", "one step, by its old name", {"B": _bucket({"Transition": {"StorageClass": "STANDARD_IA"}})}),
    bad(
        "AWS-1",
        "old versions that grow warmer",
        {
            "B": _bucket(
                {
                    "NoncurrentVersionTransitions": [
                        {"TransitionInDays": 30, "StorageClass": "GLACIER"},
                        {"TransitionInDays": 60, "StorageClass": "STANDARD_IA"},
                    ]
                }
            )
        },
        says="LifecycleConfiguration.Rules.0.NoncurrentVersionTransitions",
    ),
    bad(
        "AWS-1",
        "old versions that go before they move",
        {
            "B": _bucket(
                {
                    "NoncurrentVersionTransitions": [{"TransitionInDays": 60, "StorageClass": "GLACIER"}],
                    "NoncurrentVersionExpiration": {"NoncurrentDays": 30},
                }
            )
        },
    ),
    bad("AWS-1", "the second rule", {"B": _bucket({}, _steps((1, "STANDARD_IA")))}, says="Rules.1"),
    good("AWS-1", "a bucket without rules", {"B": resource("AWS::S3::Bucket")}),
)


def _cdn(**config: Any) -> dict[str, Any]:
    return resource("AWS::CloudFront::Distribution", {"DistributionConfig": config})


def _served(class_: Any, **more: Any) -> dict[str, Any]:
    origins = [{"DomainName": {"Fn::GetAtt": ["B", "RegionalDomainName"]}}]
    return {"Cdn": _cdn(Origins=origins), "B": _bucket({**_steps((90, class_)), **more})}


_SERVED = (
    good("AWS-2", "instant retrieval behind CloudFront", _served("GLACIER_IR")),
    bad("AWS-2", "Glacier behind CloudFront", _served("GLACIER"), says="GLACIER; allowed: STANDARD_IA"),
    bad("AWS-2", "a class from a parameter", _served(_ref("Class"))),
    bad("AWS-2", "one step, by its old name", _served("GLACIER_IR", Transition={"StorageClass": "DEEP_ARCHIVE"})),
    good("AWS-2", "Glacier that nobody serves", {**_served("GLACIER"), "Cdn": _cdn(Origins=[{"DomainName": "x"}])}),
    bad(
        "AWS-2",
        "Glacier in another stack",
        {"B": _bucket(_steps((90, "GLACIER")))},
        template={"Outputs": {"B": {"Value": {"Fn::GetAtt": ["B", "RegionalDomainName"]}}}},
        also={
            "FrontendCdnStack": {
                "Cdn": _cdn(
                    Origins=[
                        {
                            "DomainName": {
                                "Fn::GetStackOutput": {"StackName": "cloudmart-lab-DataStack", "OutputName": "B"}
                            }
                        }
                    ]
                )
            }
        },
    ),
)


def _acl(scope: Any) -> dict[str, Any]:
    return resource("AWS::WAFv2::WebACL", {"Scope": scope})


def _alarm(**properties: Any) -> dict[str, Any]:
    return resource("AWS::CloudWatch::Alarm", properties)


_METRIC = {"MetricStat": {"Metric": {"Namespace": "AWS/CloudFront"}, "Period": 60}}
_ASSOCIATION = resource("AWS::WAFv2::WebACLAssociation", {"WebACLArn": _arn("Acl")})


def _certified(value: Any) -> dict[str, Any]:
    return {"C": _cdn(ViewerCertificate={"AcmCertificateArn": value})}


_EVERYWHERE = (
    good("AWS-3", "CloudFront's web ACL in Virginia", {"Acl": _acl("CLOUDFRONT")}, **_THERE),
    good("AWS-3", "a regional web ACL", {"Acl": _acl("REGIONAL"), "Link": _ASSOCIATION}),
    bad("AWS-3", "CloudFront's web ACL in Seoul", {"Acl": _acl("CLOUDFRONT")}, says=f"CLOUDFRONT in {_SEOUL}"),
    bad("AWS-3", "a scope from a parameter", {"Acl": _acl(_ref("Scope"))}, **_THERE),
    bad("AWS-3", "a web ACL without a scope", {"Acl": resource("AWS::WAFv2::WebACL")}, says="not set"),
    bad(
        "AWS-3", "CloudFront's web ACL on a load balancer", {"Acl": _acl("CLOUDFRONT"), "Link": _ASSOCIATION}, **_THERE
    ),
    bad("AWS-3", "a regional web ACL on CloudFront", {"Acl": _acl("REGIONAL"), "C": _cdn(WebACLId=_arn("Acl"))}),
    good("AWS-3", "an alarm on CloudFront in Virginia", {"A": _alarm(Namespace="AWS/CloudFront")}, **_THERE),
    good("AWS-3", "another alarm in Seoul", {"A": _alarm(Namespace="AWS/EC2")}),
    bad("AWS-3", "an alarm on CloudFront in Seoul", {"A": _alarm(Namespace="AWS/CloudFront")}, says="AWS/CloudFront"),
    bad("AWS-3", "an alarm with such a metric among others", {"A": _alarm(Metrics=[{"Expression": "1"}, _METRIC])}),
    good("AWS-3", "a certificate of Virginia", _certified(f"arn:aws:acm:{_VIRGINIA}:123456789012:certificate/1")),
    bad("AWS-3", "a certificate of Seoul", _certified(f"arn:aws:acm:{_SEOUL}:123456789012:certificate/1"), says=_SEOUL),
    bad(
        "AWS-3",
        "this stack's certificate in Seoul",
        {**_certified(_ref("Cert")), "Cert": resource("AWS::CertificateManager::Certificate")},
        says=f"of {_SEOUL}; allowed: certificates of {_VIRGINIA}",
    ),
    bad("AWS-3", "a certificate from a parameter", _certified(_ref("Cert")), says="nowhere"),
    good("AWS-3", "CloudFront's own certificate", {"C": _cdn()}),
)


def _group(name: Any) -> dict[str, Any]:
    return resource("AWS::Logs::LogGroup", {"LogGroupName": name})


def _logging(*targets: Any) -> dict[str, Any]:
    return resource("AWS::WAFv2::LoggingConfiguration", {"LogDestinationConfigs": list(targets)})


_TWO_GROUPS = {"G": _group("aws-waf-logs-shop"), "H": _group("shop")}
_NAMES = (
    good("AWS-4", "a legal name", {"G": _group("/aws/eks/tiketi/cluster_1#a.b")}),
    good("AWS-4", "a name that AWS makes up", {"G": resource("AWS::Logs::LogGroup")}),
    good("AWS-4", "a name with the stack's", {"G": _group({"Fn::Sub": "/${AWS::StackName}/x"})}),
    bad("AWS-4", "a blank", {"G": _group("my group")}, says="my group"),
    bad("AWS-4", "a star", {"G": _group("shop*")}),
    bad("AWS-4", "no letter at all", {"G": _group("")}),
    bad("AWS-4", "513 letters", {"G": _group("x" * 513)}),
    good("AWS-4", "a web ACL's group", {**_TWO_GROUPS, "L": _logging(_arn("G"))}),
    bad("AWS-4", "a web ACL's group of another name", {**_TWO_GROUPS, "L": _logging(_arn("H"))}, says="shop"),
    bad("AWS-4", "a second one of another name", {**_TWO_GROUPS, "L": _logging(_arn("G"), _arn("H"))}),
    bad(
        "AWS-4",
        "a web ACL's group without a name",
        {"G": resource("AWS::Logs::LogGroup"), "L": _logging({"Fn::Sub": "arn:aws:logs:x:1:log-group:${G}"})},
    ),
)

_SERVICES = ("cloudwatch.amazonaws.com", "budgets.amazonaws.com", "events.amazonaws.com")
_TO_KEY = ("kms:Decrypt", "kms:GenerateDataKey*")


def _topic(*services: str, key: Any = None, by_key: tuple[str, ...] = _SERVICES) -> dict[str, Any]:
    """A topic with its policy and key."""
    return {
        "T": resource("AWS::SNS::Topic", {"KmsMasterKeyId": _ref("K") if key is None else key}),
        "P": resource(
            "AWS::SNS::TopicPolicy",
            {
                "Topics": [_ref("T")],
                "PolicyDocument": {
                    "Statement": [
                        {"Effect": "Deny", "Principal": "*", "Action": "sns:Publish"},
                        *(_allow(service, "sns:Publish") for service in services),
                    ]
                },
            },
        ),
        "K": resource("AWS::KMS::Key", {"KeyPolicy": {"Statement": [_allow(each, *_TO_KEY) for each in by_key]}}),
    }


_HEARD = _topic(*_SERVICES)
_TO_T = {"AlarmActions": [_ref("T")]}
_COMPOSITE = "AWS::CloudWatch::CompositeAlarm"


def _speaks(name: str, topic: Mapping[str, Any], *, finds: bool, says: str = "", **properties: Any) -> Case:
    resources = {**topic, "A": _alarm(**(properties or _TO_T))}
    return bad("AWS-5", name, resources, says=says) if finds else good("AWS-5", name, resources)


def _counting(alarm: str, **actions: Any) -> dict[str, Any]:
    return resource(_COMPOSITE, {"AlarmRule": f'ALARM("{alarm}") AND ALARM("other")', **actions})


def _budget(**subscriber: Any) -> dict[str, Any]:
    notifications = [{"Notification": {}, "Subscribers": [subscriber]}]
    return resource("AWS::Budgets::Budget", {"NotificationsWithSubscribers": notifications})


def _event(target: Any, **more: Any) -> dict[str, Any]:
    return resource("AWS::Events::Rule", {"Targets": [{"Id": "x", "Arn": target}], **more})


def _anomaly(**subscriber: Any) -> dict[str, Any]:
    return resource("AWS::CE::AnomalySubscription", {"Subscribers": [subscriber]})


_BY_T: dict[str, Any] = {"Type": "SNS", "Address": _ref("T")}
_COST = ("costalerts.amazonaws.com",)
_FOREIGN = "arn:aws:sns:ap-northeast-2:999999999999:topic"
_NOT_FOR_BUDGETS = _topic("cloudwatch.amazonaws.com")
_SPEAKING = (
    _speaks("a topic that CloudWatch may publish to", _HEARD, finds=False),
    _speaks("every kind of action", _HEARD, finds=False, OKActions=[_ref("T")], InsufficientDataActions=[_ref("T")]),
    _speaks("no key", {**_topic(*_SERVICES), "T": resource("AWS::SNS::Topic")}, finds=False),
    _speaks(
        "a scaling policy",
        {"S": resource("AWS::AutoScaling::ScalingPolicy")},
        finds=False,
        AlarmActions=[_ref("S")],
    ),
    _speaks("somebody else's topic", {}, finds=True, says=_FOREIGN, AlarmActions=[_FOREIGN]),
    _speaks("an EC2 action", {}, finds=True, AlarmActions=["arn:aws:automate:ap-northeast-2:ec2:terminate"]),
    _speaks("a topic from a parameter", {}, finds=True, AlarmActions=[_ref("Topic")]),
    _speaks("a second action", _HEARD, finds=True, says="OKActions.1", OKActions=[_ref("T"), _FOREIGN]),
    _speaks("a topic that lets nobody publish", _topic(), finds=True, says="T, which cloudwatch.amazonaws.com may not"),
    _speaks("a key that lets nobody", _topic(*_SERVICES, by_key=()), finds=True),
    _speaks("AWS's own key", _topic(*_SERVICES, key="alias/aws/sns"), finds=True),
    _speaks(
        "a topic that lets everybody publish",
        {
            **_HEARD,
            "P": resource(
                "AWS::SNS::TopicPolicy",
                {
                    "Topics": [_ref("T")],
                    "PolicyDocument": {"Statement": {"Effect": "Allow", "Principal": "*", "Action": "sns:Publish"}},
                },
            ),
        },
        finds=True,
    ),
    _speaks("a switched-off alarm", _HEARD, finds=True, says="ActionsEnabled is false", ActionsEnabled=False),
    bad("AWS-5", "a switched-off composite", {"A": resource(_COMPOSITE, {"ActionsEnabled": "false"})}),
    bad(
        "AWS-5", "an alarm that tells nobody", {"A": _alarm()}, stack="MonitoringStack", says="AlarmActions is not set"
    ),
    good(
        "AWS-5",
        "an alarm that a composite speaks for",
        {**_HEARD, "A": _alarm(AlarmName="x-1h"), "C": _counting("x-1h", **_TO_T)},
        stack="MonitoringStack",
    ),
    bad(
        "AWS-5",
        "an alarm whose composite is as mute",
        {"A": _alarm(AlarmName="x-1h"), "C": _counting("x-1h")},
        stack="MonitoringStack",
    ),
    bad(
        "AWS-5",
        "an alarm that no composite counts",
        {**_HEARD, "A": _alarm(AlarmName="x-1h"), "C": _counting("x-1h-too", **_TO_T)},
        stack="MonitoringStack",
        says="AlarmActions is not set",
    ),
    good("AWS-5", "an alarm that steers a rollout", {"A": _alarm()}, stack="BackendAsgStack"),
    bad("AWS-5", "a composite's foreign topic", {"A": resource(_COMPOSITE, {"AlarmActions": [_FOREIGN]})}),
    good("AWS-5", "a budget's topic", {**_HEARD, "B": _budget(SubscriptionType="SNS", Address=_ref("T"))}),
    good("AWS-5", "a budget's mail", {"B": _budget(SubscriptionType="EMAIL", Address="ops@example.com")}),
    bad("AWS-5", "a budget's foreign topic", {"B": _budget(SubscriptionType="SNS", Address=_FOREIGN)}, says=_FOREIGN),
    bad(
        "AWS-5",
        "a budget's topic that is CloudWatch's only",
        {**_NOT_FOR_BUDGETS, "B": _budget(SubscriptionType="SNS", Address=_ref("T"))},
        says="budgets.amazonaws.com",
    ),
    good("AWS-5", "an anomaly's mail", {"C": _anomaly(Type="EMAIL", Address="ops@example.com")}),
    good("AWS-5", "an anomaly's topic", {**_topic("costalerts.amazonaws.com", by_key=_COST), "C": _anomaly(**_BY_T)}),
    bad("AWS-5", "an anomaly's topic that is CloudWatch's only", {**_NOT_FOR_BUDGETS, "C": _anomaly(**_BY_T)}),
    good("AWS-5", "an event rule's topic", {**_HEARD, "R": _event(_ref("T"))}),
    good("AWS-5", "an event rule's function", {"R": _event(_arn("F")), "F": resource("AWS::Lambda::Function")}),
    bad("AWS-5", "an event rule's topic that is CloudWatch's only", {**_NOT_FOR_BUDGETS, "R": _event(_ref("T"))}),
    bad("AWS-5", "a switched-off event rule", {**_HEARD, "R": _event(_ref("T"), State="DISABLED")}, says="DISABLED"),
)


def _encrypted(algorithm: Any) -> dict[str, Any]:
    default = {"ServerSideEncryptionByDefault": {"SSEAlgorithm": algorithm}}
    return {"BucketEncryption": {"ServerSideEncryptionConfiguration": [default]}}


def _owned(ownership: str) -> dict[str, Any]:
    return {"OwnershipControls": {"Rules": [{"ObjectOwnership": ownership}]}}


def _balancer(bucket: Any) -> dict[str, Any]:
    attributes = [{"Key": "access_logs.s3.bucket", "Value": bucket}]
    return resource("AWS::ElasticLoadBalancingV2::LoadBalancer", {"LoadBalancerAttributes": attributes})


_LOGGING_CDN = _cdn(Logging={"Bucket": {"Fn::GetAtt": ["B", "RegionalDomainName"]}})
_LOCK = {"ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled"}}
_FLOW_LOG = resource("AWS::EC2::FlowLog", {"LogDestination": _arn("B")})
_RECEIVERS = (
    good("AWS-6", "SSE-S3 for a load balancer", {"L": _balancer(_ref("B")), "B": _bucket(**_encrypted("AES256"))}),
    bad(
        "AWS-6",
        "a KMS key for a load balancer",
        {"L": _balancer(_ref("B")), "B": _bucket(**_encrypted("aws:kms"))},
        says="aws:kms; allowed: AES256",
    ),
    bad("AWS-6", "encryption that is not stated", {"L": _balancer(_ref("B")), "B": _bucket()}),
    good("AWS-6", "a bucket that no load balancer logs to", {"B": _bucket(**_encrypted("aws:kms"))}),
    good("AWS-6", "ACLs for CloudFront", {"C": _LOGGING_CDN, "B": _bucket(**_owned("BucketOwnerPreferred"))}),
    bad("AWS-6", "no ACLs for CloudFront", {"C": _LOGGING_CDN, "B": _bucket(**_owned("BucketOwnerEnforced"))}),
    bad("AWS-6", "ownership that is not stated", {"C": _LOGGING_CDN, "B": _bucket()}),
    bad("AWS-6", "an object lock", {"F": _FLOW_LOG, "B": _bucket(**_LOCK)}, says="an object lock"),
    good("AWS-6", "an object lock elsewhere", {"B": _bucket(**_LOCK)}),
)


def _cache(**properties: Any) -> dict[str, Any]:
    token = {"Fn::Join": ["", ["{{resolve:secretsmanager:", _ref("S"), ":SecretString:::}}"]]}
    return resource("AWS::ElastiCache::ReplicationGroup", {"AuthToken": token, **properties})


def _token(**generated: Any) -> dict[str, Any]:
    return resource("AWS::SecretsManager::Secret", {"GenerateSecretString": generated})


def _auth(name: str, *, finds: bool, says: str = "", **generated: Any) -> Case:
    resources = {"C": _cache(), "S": _token(**generated)}
    return bad("AWS-7", name, resources, says=says) if finds else good("AWS-7", name, resources)


def _cluster(name: str, *, finds: bool, says: str = "", **properties: Any) -> Case:
    resources = {"C": _cache(**properties), "S": _token(PasswordLength=64, ExcludePunctuation=True)}
    return bad("AWS-7", name, resources, says=says) if finds else good("AWS-7", name, resources)


_REDIS = (
    _auth("64 plain characters", finds=False, PasswordLength=64, ExcludePunctuation=True),
    _auth("16, and text for a number", finds=False, PasswordLength="16", ExcludePunctuation="true"),
    _auth("128", finds=False, PasswordLength=128, ExcludePunctuation=True),
    _auth("15", finds=True, says="15; allowed: 16 to 128", PasswordLength=15, ExcludePunctuation=True),
    _auth("129", finds=True, PasswordLength=129, ExcludePunctuation=True),
    _auth("no length", finds=True, ExcludePunctuation=True),
    _auth("a length from a parameter", finds=True, PasswordLength=_ref("Length"), ExcludePunctuation=True),
    _auth("punctuation", finds=True, says="punctuation", PasswordLength=64, ExcludePunctuation=False),
    _auth("Secrets Manager's own choice", finds=True, PasswordLength=64),
    good("AWS-7", "a short secret of somebody else", {"C": _cache(AuthToken="x"), "S": _token(PasswordLength=8)}),
    _cluster("one node", finds=False, NumCacheClusters=1),
    _cluster("two nodes", finds=False, AutomaticFailoverEnabled=True, NumCacheClusters="2"),
    _cluster("shards", finds=False, AutomaticFailoverEnabled="true", NumNodeGroups=2, ReplicasPerNodeGroup=1),
    _cluster("shards without failover", finds=True, says="without automatic failover", NumNodeGroups=2),
    _cluster("failover to nobody", finds=True, says="without a replica", AutomaticFailoverEnabled=True),
    _cluster("failover of one node", finds=True, AutomaticFailoverEnabled=True, NumCacheClusters=1),
    _cluster("no replica", finds=True, AutomaticFailoverEnabled=True, NumNodeGroups=2, ReplicasPerNodeGroup=0),
)


def _rules(number: int, *lists: str) -> list[dict[str, Any]]:
    return [{"CidrIp": f"10.0.0.{each}/32"} for each in range(number)] + [{each: "pl-1"} for each in lists]


def _firewall(ingress: list[Any], egress: list[Any] | None = None, **more: Any) -> dict[str, Any]:
    properties = {"SecurityGroupIngress": ingress, "SecurityGroupEgress": egress or []}
    return {"G": resource("AWS::EC2::SecurityGroup", properties), **more}


_APART = resource("AWS::EC2::SecurityGroupIngress", {"GroupId": {"Fn::GetAtt": ["G", "GroupId"]}, "CidrIp": "x"})
_QUOTAS = (
    good("AWS-8", "60 rules", _firewall(_rules(60), _rules(60))),
    bad("AWS-8", "61 rules", _firewall(_rules(61)), says="61 ingress rules"),
    bad("AWS-8", "61 ways out", _firewall([], _rules(61)), says="61 egress rules"),
    bad("AWS-8", "one more apart", _firewall(_rules(60), More=_APART)),
    good("AWS-8", "the CDN and five more", _firewall(_rules(5, "SourcePrefixListId"))),
    bad("AWS-8", "the CDN and six more", _firewall(_rules(6, "SourcePrefixListId")), says="61 ingress"),
    bad("AWS-8", "the CDN twice", _firewall(_rules(0, "SourcePrefixListId", "SourcePrefixListId"))),
    bad("AWS-8", "two lists on the way out", _firewall([], _rules(0, *["DestinationPrefixListId"] * 2))),
)


def _fleet(type_: str, **properties: Any) -> dict[str, Any]:
    return {"F": resource(type_, properties)}


_DISK = {"BlockDeviceMappings": [{"Ebs": {"Encrypted": True}}]}
_OWN_KEY = {"BlockDeviceMappings": [{"Ebs": {"Encrypted": True, "KmsKeyId": "x"}}]}
_CODE_DEPLOY = "AWS::CodeDeploy::DeploymentGroup"
_FLEETS = (
    good("AWS-9", "a deployment in place", _fleet(_CODE_DEPLOY, DeploymentStyle={"DeploymentType": "IN_PLACE"})),
    bad(
        "AWS-9",
        "blue and green by CodeDeploy",
        _fleet(_CODE_DEPLOY, DeploymentStyle={"DeploymentType": "BLUE_GREEN"}),
        says="BLUE_GREEN; allowed: IN_PLACE on EC2 (ADR 0004)",
    ),
    bad("AWS-9", "a hook of its own", _fleet("AWS::AutoScaling::LifecycleHook")),
    good("AWS-9", "a group with least and most", _fleet("AWS::AutoScaling::AutoScalingGroup", MinSize=1, MaxSize=3)),
    bad("AWS-9", "a desired size", _fleet("AWS::AutoScaling::AutoScalingGroup", DesiredCapacity=2), says="is 2"),
    good("AWS-9", "a disk with the account's key", _fleet("AWS::EC2::LaunchTemplate", LaunchTemplateData=_DISK)),
    bad("AWS-9", "a disk with our key", _fleet("AWS::EC2::LaunchTemplate", LaunchTemplateData=_OWN_KEY)),
)


def _upload(prunes: Any, **more: Any) -> dict[str, Any]:
    prune = {} if prunes is None else {"Prune": prunes}
    return resource("Custom::CDKBucketDeployment", {"DestinationBucketName": "b", **prune, **more})


def _pruning(name: str, one: Any, other: Any, *, finds: bool, says: str = "") -> Case:
    resources = {"One": one, "Other": other}
    return bad("AWS-10", name, resources, says=says) if finds else good("AWS-10", name, resources)


_REST = {"Exclude": ["assets/*"]}
_PRUNING = (
    good("AWS-10", "one upload", {"One": _upload(True)}),
    _pruning("one that prunes all but the other's", _upload(True, **_REST), _upload(False), finds=False),
    _pruning("two buckets", _upload(True), _upload(True, DestinationBucketName="c"), finds=False),
    _pruning(
        "two folders",
        _upload(True, DestinationBucketKeyPrefix="a/"),
        _upload(True, DestinationBucketKeyPrefix="b/"),
        finds=False,
    ),
    _pruning("two that prune", _upload(True, **_REST), _upload("true", **_REST), finds=True, says="DataStack/Other"),
    _pruning("CDK's default", _upload(None), _upload(None), finds=True),
    _pruning("one that prunes the other's files", _upload(True), _upload(False), finds=True, says="Exclude"),
    _pruning("the folder of another", _upload(True), _upload(True, DestinationBucketKeyPrefix="a/"), finds=True),
)


def _window(name: str, *, finds: bool, says: str = "", **properties: Any) -> Case:
    resources = {"A": _alarm(**properties)}
    return bad("AWS-11", name, resources, says=says) if finds else good("AWS-11", name, resources)


_WINDOWS = (
    _window("five minutes", finds=False, Period=300, EvaluationPeriods=3),
    _window("ten seconds", finds=False, Period=10, EvaluationPeriods=1),
    _window("a day of minutes", finds=False, Period=60, EvaluationPeriods=1440),
    _window("a week of hours", finds=False, Period="3600", EvaluationPeriods="168"),
    _window("expressions only", finds=False, Metrics=[{"Expression": "m1 / m2"}], EvaluationPeriods=1),
    _window("45 seconds", finds=True, says="45; allowed: 10, 20, 30 or", Period=45, EvaluationPeriods=1),
    _window("no time at all", finds=True, Period=0, EvaluationPeriods=1),
    _window("a period from a parameter", finds=True, Period=_ref("Period"), EvaluationPeriods=1),
    _window("more than a day", finds=True, says="1441 periods of 60 s", Period=60, EvaluationPeriods=1441),
    _window("more than a day, as text", finds=True, Period="60", EvaluationPeriods="1441"),
    _window("more than a week", finds=True, Period=3600, EvaluationPeriods=169),
    _window("a metric among others", finds=True, says="Metrics.0", Metrics=[{"MetricStat": {"Period": 61}}]),
    _window("an expression of 7 seconds", finds=True, Metrics=[{"Expression": "1", "Period": 7}]),
)


def _keyed(type_: str, path: str, service: str, action: str = "kms:GenerateDataKey*") -> dict[str, Any]:
    statement = {**_allow(service, action), "Principal": {"Service": {"Fn::Sub": service}}}
    return {
        "It": resource(type_, {path: _arn("K")}),
        "K": resource("AWS::KMS::Key", {"KeyPolicy": {"Statement": [statement]}}),
    }


_TRAIL = ("AWS::CloudTrail::Trail", "KMSKeyId")
_LOGS = ("AWS::Logs::LogGroup", "KmsKeyId")
_KEYS = (
    good("AWS-12", "a trail's key", _keyed(*_TRAIL, "cloudtrail.amazonaws.com")),
    good("AWS-12", "a log group's key", _keyed(*_LOGS, "logs.${AWS::Region}.amazonaws.com", "kms:*")),
    good("AWS-12", "no key", {"It": resource("AWS::Logs::LogGroup")}),
    bad("AWS-12", "a trail's key that is not CloudTrail's", _keyed(*_TRAIL, "s3.amazonaws.com"), says="DataStack/K"),
    bad("AWS-12", "a key that only decrypts", _keyed(*_TRAIL, "cloudtrail.amazonaws.com", "kms:Decrypt")),
    bad("AWS-12", "the logs of another region", _keyed(*_LOGS, "logs.us-east-1.amazonaws.com"), says=_SEOUL),
)

CASES = (
    *_LIFECYCLES,
    *_SERVED,
    *_EVERYWHERE,
    *_NAMES,
    *_SPEAKING,
    *_RECEIVERS,
    *_REDIS,
    *_QUOTAS,
    *_FLEETS,
    *_PRUNING,
    *_WINDOWS,
    *_KEYS,
)


@each(CASES)
def test_case(case: Case) -> None:
    case.check()


def _across(rule: str, resources: Mapping[str, Any], name: str, there: Mapping[str, Any], value: Any) -> list[Finding]:
    """What a rule finds in Seoul, where `name` refers to a value of a stack in Virginia."""
    reference = {"Fn::GetStackOutput": {"StackName": "edge", "OutputName": "X", "Region": _VIRGINIA}}
    here = {key: {**each, "Properties": {**each["Properties"], name: reference}} for key, each in resources.items()}
    stacks = [
        Stack("DataStack", "data", _SEOUL, {"Resources": here}),
        Stack("EdgeStack", "edge", _VIRGINIA, {"Resources": there, "Outputs": {"X": {"Value": value}}}),
    ]
    return found(Deployment(stacks, load_settings({})), rule)


def test_a_topic_of_another_region_hears_no_alarm() -> None:
    (finding,) = _across("AWS-5", {"A": _alarm()}, "AlarmActions", _HEARD, _ref("T"))
    assert finding.text == (
        "DataStack/A (AWS::CloudWatch::Alarm, DataStack): AlarmActions.0 is a topic of us-east-1; "
        "allowed: topics of ap-northeast-2"
    )


def test_a_key_of_another_region_encrypts_no_logs() -> None:
    key = {"K": _keyed(*_LOGS, f"logs.{_SEOUL}.amazonaws.com")["K"]}
    (finding,) = _across("AWS-12", {"G": resource("AWS::Logs::LogGroup")}, "KmsKeyId", key, _arn("K"))
    assert "KmsKeyId is a key of us-east-1; allowed: keys of ap-northeast-2" in finding.text


def test_nothing_here_can_be_acknowledged() -> None:
    assert not [rule.id for rule in limits.RULES if rule.acknowledgeable]


def test_a_period_and_a_window_are_told_apart() -> None:
    app = deployment({"A": _alarm(Metrics=[{"Period": 7}, {"Period": 60}], EvaluationPeriods=2000)})
    assert [finding.id for finding in found(app, "AWS-11")] == ["AWS-11[period]", "AWS-11[window]"]

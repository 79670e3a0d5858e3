"""Families at rest and in transit, what is no row: TLS is forced on every way to a store, and use is logged."""

import json
from collections.abc import Mapping
from typing import Any, Final

import pytest

from cloudmart_cdk.policy.families import at_rest, in_transit
from tests.policy.support import Case, bad, deployment, each, found, good, resource

_NOTHING: Final = {"Ref": "AWS::NoValue"}
_EVERYBODY: Final = {"AWS": "*"}
_SERVER: Final = "AWS::RDS::DBInstance"


def _if(yes: Any, no: Any) -> dict[str, Any]:
    return {"Fn::If": ["Rarely", yes, no]}


def _plain(value: Any = "false") -> dict[str, Any]:
    return {"Bool": {"aws:SecureTransport": value}}


class _Store:
    """A kind of store, its policy, and the Deny that it ought to have."""

    def __init__(self, rule: str, name: str, owner: str, action: str, resources: Any, as_text: Any) -> None:
        self.rule, self.action, self.resources, self.as_text = rule, action, resources, as_text
        self.type, self._policy, self._owner = f"AWS::{name}", f"AWS::{name}Policy", owner

    def deny(self, **changes: Any) -> dict[str, Any]:
        """The Deny with some of its elements otherwise, or left out where `None`."""
        statement = {
            "Effect": "Deny",
            "Principal": _EVERYBODY,
            "Action": self.action,
            "Resource": self.resources,
            "Condition": _plain(),
            **changes,
        }
        return {key: value for key, value in statement.items() if value is not None}

    def policy(self, statement: Any, of: Any = None, **more: Any) -> dict[str, Any]:
        return self.policy_of({"Version": "2012-10-17", "Statement": statement}, of, **more)

    def policy_of(self, document: Any, of: Any = None, **more: Any) -> dict[str, Any]:
        of = of or {"Ref": "It"}
        owner = of if self._owner == "Bucket" else [of]
        return resource(self._policy, {self._owner: owner, "PolicyDocument": document}, **more)

    def with_policies(self, *policies: Mapping[str, Any]) -> dict[str, Any]:
        return {"It": resource(self.type), **{f"Policy{number}": each for number, each in enumerate(policies)}}

    def breaks(self, name: str, *policies: Mapping[str, Any], **options: Any) -> Case:
        return bad(self.rule, f"{self.type}: {name}", self.with_policies(*policies), **options)

    def keeps(self, name: str, *policies: Mapping[str, Any], **options: Any) -> Case:
        return good(self.rule, f"{self.type}: {name}", self.with_policies(*policies), **options)

    def cases(self) -> tuple[Case, ...]:
        """What holds for buckets, topics and queues alike."""
        deny, policy = self.deny, self.policy
        allow = {"Effect": "Allow", "Principal": {"Service": "x.amazonaws.com"}, "Action": self.action, "Resource": "*"}
        as_text = deny(Resource=self.as_text)
        return (
            self.keeps("CDK's Deny", policy([deny()])),
            self.keeps("among others", policy([allow, deny()])),
            self.keeps("a single statement, not a list", policy(deny())),
            self.keeps("a policy as text", self.policy_of({"Fn::Sub": json.dumps({"Statement": as_text})})),
            self.keeps("everybody as a list", policy([deny(Principal={"AWS": ["*"]})])),
            self.keeps("everybody as a star", policy([deny(Principal="*")])),
            self.keeps("false as a truth value", policy([deny(Condition=_plain(False))])),
            self.keeps("false in a list", policy([deny(Condition=_plain(["false"]))])),
            self.keeps("two policies that both deny", policy([deny()]), policy([allow, deny()])),
            self.breaks("no policy", says="without a policy that denies plain HTTP"),
            self.breaks("a policy without a Deny", policy([allow])),
            self.breaks("an Allow", policy([deny(Effect="Allow")])),
            self.breaks("an effect of another case", policy([deny(Effect="deny")])),
            self.breaks("without a condition", policy([deny(Condition=None)])),
            self.breaks("a Deny with TLS", policy([deny(Condition=_plain("true"))])),
            self.breaks("no value", policy([deny(Condition=_plain([]))])),
            self.breaks("a parameter", policy([deny(Condition=_plain({"Ref": "Tls"}))])),
            self.breaks(
                "a second condition", policy([deny(Condition={**_plain(), "IpAddress": {"aws:SourceIp": "::/0"}})])
            ),
            self.breaks(
                "a second key",
                policy(
                    [deny(Condition={"Bool": {"aws:SecureTransport": "false", "aws:MultiFactorAuthPresent": "false"}})]
                ),
            ),
            self.breaks("of what is absent", policy([deny(Condition={"Null": {"aws:SecureTransport": "true"}})])),
            self.breaks("NotAction", policy([deny(Action=None, NotAction=self.action)])),
            self.breaks("another action", policy([deny(Action="s3:GetObject")]), says=self.action),
            self.breaks("an action from a parameter", policy([deny(Action={"Ref": "What"})])),
            self.breaks("NotResource", policy([deny(Resource=None, NotResource="arn:aws:x:::y")])),
            self.breaks("another resource", policy([deny(Resource="arn:aws:x:::y")])),
            self.breaks("of one role", policy([deny(Principal={"AWS": "arn:aws:iam::123456789012:role/x"})])),
            self.breaks("of a service", policy([deny(Principal={"Service": "s3.amazonaws.com"})])),
            self.breaks("NotPrincipal", policy([deny(Principal=None, NotPrincipal=_EVERYBODY)])),
            self.breaks("hidden in a branch", policy([_if(deny(), _NOTHING)])),
            self.breaks("a branch without TLS", policy([deny(Condition=_if(_plain(), _plain("true")))])),
            self.breaks("under a condition", policy([deny()], Condition="Rarely")),
            self.breaks("a second policy that lets HTTP in", policy([deny()]), policy([allow])),
            self.breaks("a policy of another's", policy([deny()], {"Ref": "Other"})),
            self.breaks("a policy by its name", policy([deny()], "it")),
            self.breaks("a policy of a like name", policy([deny()], {"Fn::Sub": "${It}-2"})),
            self.breaks("text that is no JSON", self.policy_of("Deny all")),
            self.breaks("a document from a parameter", self.policy_of({"Ref": "Document"})),
            self.breaks(
                "a Deny where nobody looks",
                self.policy_of({"Statement": [allow], "Deeper": {"Statement": [deny()]}}),
            ),
        )


_ARN: Final = {"Fn::GetAtt": ["It", "Arn"]}
_OBJECTS: Final = {"Fn::Join": ["", [_ARN, "/*"]]}
_BUCKET: Final = _Store("S3-20", "S3::Bucket", "Bucket", "s3:*", [_ARN, _OBJECTS], ["${It.Arn}", "${It.Arn}/*"])
_TOPIC: Final = _Store("SNS-10", "SNS::Topic", "Topics", "sns:Publish", {"Ref": "It"}, "${It}")
_QUEUE: Final = _Store("SQS-10", "SQS::Queue", "Queues", "sqs:*", _ARN, "${It.Arn}")


def _there(output: str) -> dict[str, Any]:
    return {"Fn::GetStackOutput": {"StackName": "cloudmart-lab-DataStack", "OutputName": output}}


def _elsewhere(name: str, statement: Any, *, finds: bool) -> Case:
    """A bucket of DataStack whose policy stands in another stack."""
    case = bad if finds else good
    outputs = {"Name": {"Value": {"Ref": "It"}}, "Arn": {"Value": _ARN}}
    policy = _BUCKET.policy(statement, _there("Name"))
    options: dict[str, Any] = {"also": {"FrontendCdnStack": {"Policy": policy}}, "template": {"Outputs": outputs}}
    return case("S3-20", name, {"It": resource("AWS::S3::Bucket")}, **options)


_THERE: Final = [_there("Arn"), {"Fn::Join": ["", [_there("Arn"), "/*"]]}]
_BY_HAND: Final = [{"Fn::Sub": "arn:${AWS::Partition}:s3:::${It}"}, {"Fn::Sub": "arn:aws:s3:::${It}/*"}]

DENIES: Final = (
    *_BUCKET.cases(),
    *_TOPIC.cases(),
    *_QUEUE.cases(),
    _BUCKET.keeps("ARNs by hand", _BUCKET.policy([_BUCKET.deny(Resource=_BY_HAND)])),
    _BUCKET.keeps("ARNs by hand and by attribute", _BUCKET.policy([_BUCKET.deny(Resource=[_ARN, _BY_HAND[1]])])),
    _BUCKET.breaks("the objects only", _BUCKET.policy([_BUCKET.deny(Resource=_OBJECTS)])),
    _BUCKET.breaks("the bucket only", _BUCKET.policy([_BUCKET.deny(Resource=[_ARN])])),
    _BUCKET.breaks(
        "some of the objects",
        _BUCKET.policy([_BUCKET.deny(Resource=[_ARN, {"Fn::Join": ["", [_ARN, "/images/*"]]}])]),
    ),
    _BUCKET.breaks(
        "half in one statement, half in another",
        _BUCKET.policy([_BUCKET.deny(Resource=_ARN), _BUCKET.deny(Resource=_OBJECTS, Action="s3:PutObject")]),
    ),
    _BUCKET.breaks("reading only", _BUCKET.policy([_BUCKET.deny(Action=["s3:GetObject", "s3:ListBucket"])])),
    _elsewhere("a policy in another stack", [_BUCKET.deny(Resource=_THERE)], finds=False),
    _elsewhere("a policy in another stack of the objects only", [_BUCKET.deny(Resource=_THERE[1:])], finds=True),
    _TOPIC.keeps("every action", _TOPIC.policy([_TOPIC.deny(Action=["sns:*"])])),
    _TOPIC.keeps("its ARN by attribute", _TOPIC.policy([_TOPIC.deny(Resource={"Fn::GetAtt": ["It", "TopicArn"]})])),
    _TOPIC.breaks("subscribing only", _TOPIC.policy([_TOPIC.deny(Action="sns:Subscribe")])),
    _QUEUE.breaks("sending only", _QUEUE.policy([_QUEUE.deny(Action="sqs:SendMessage")])),
)


_GROUP: Final = {"Ref": "Group"}
_FORCED: Final = {"rds.force_ssl": "1"}
_AURORA: Final = "AWS::RDS::DBCluster"


def _server(group: Any = _GROUP, parameters: Any = _FORCED, type: str = _SERVER, **more: Any) -> dict[str, Any]:
    """A database, and a parameter group with the parameters given."""
    name = "DBClusterParameterGroup" if type == _AURORA else "DBParameterGroup"
    return {
        "It": resource(type, {f"{name}Name": group, **more}),
        "Group": resource(f"AWS::RDS::{name}", {"Family": "postgres16", "Parameters": parameters}),
        "Cluster": resource(_AURORA, {"DBClusterParameterGroupName": {"Ref": "OfCluster"}}),
        "OfCluster": resource("AWS::RDS::DBClusterParameterGroup", {"Parameters": _FORCED}),
    }


def _group_elsewhere(name: str, value: str, *, finds: bool) -> Case:
    """A database of one stack with the parameter group of another."""
    theirs = {"Group": resource("AWS::RDS::DBParameterGroup", {"Parameters": {"rds.force_ssl": value}})}
    also = {"BackendAsgStack": {"It": resource(_SERVER, {"DBParameterGroupName": _there("Name")})}}
    options: dict[str, Any] = {"also": also, "template": {"Outputs": {"Name": {"Value": _GROUP}}}}
    return (bad if finds else good)("RDS-20", name, theirs, **options)


_WEAK: Final = {"rds.force_ssl": "0"}
FORCED: Final = (
    good("RDS-20", "text", _server()),
    good("RDS-20", "a number", _server(parameters={"rds.force_ssl": 1})),
    good("RDS-20", "a group by substitution", _server({"Fn::Sub": "${Group}"})),
    good("RDS-20", "a cluster", _server(type=_AURORA)),
    good("RDS-20", "an instance of a cluster of ours", _server(parameters={}, DBClusterIdentifier={"Ref": "Cluster"})),
    good("RDS-20", "TLS 1.3 at least", _server(parameters={**_FORCED, "ssl_min_protocol_version": "TLSv1.3"})),
    _group_elsewhere("a group of another stack", "1", finds=False),
    _group_elsewhere("a weak group of another stack", "0", finds=True),
    bad("RDS-20", "switched off", _server(parameters=_WEAK), says="rds.force_ssl 0; allowed: 1"),
    bad("RDS-20", "not said", _server(parameters={}), says="rds.force_ssl not set"),
    bad("RDS-20", "true", _server(parameters={"rds.force_ssl": True})),
    bad("RDS-20", "a parameter", _server(parameters={"rds.force_ssl": {"Ref": "Tls"}})),
    bad("RDS-20", "parameters from a parameter", _server(parameters={"Ref": "Parameters"})),
    bad("RDS-20", "a hidden branch", _server(parameters={"rds.force_ssl": _if("1", "0")})),
    bad("RDS-20", "a branch without", _server(parameters=_if(_FORCED, _NOTHING))),
    bad("RDS-20", "a hidden group", _server(_if(_GROUP, "default.postgres16"))),
    bad("RDS-20", "AWS's group", _server("default.postgres16")),
    bad("RDS-20", "no group", _server(_NOTHING)),
    bad("RDS-20", "a group of a like name", _server({"Fn::Sub": "${Group}-2"})),
    bad("RDS-20", "a cluster's group", _server({"Ref": "OfCluster"})),
    bad("RDS-20", "a cluster without", _server(type=_AURORA, parameters=_WEAK)),
    bad("RDS-20", "an instance of somebody's cluster", _server(parameters={}, DBClusterIdentifier="elsewhere")),
    bad(
        "RDS-20",
        "TLS 1.0 at least",
        _server(parameters={**_FORCED, "ssl_min_protocol_version": "TLSv1"}),
        says="ssl_min_protocol_version TLSv1; allowed: TLSv1.2",
    ),
    bad("RDS-20", "passwords as MD5", _server(parameters={**_FORCED, "password_encryption": "md5"}), says="md5"),
)

_S3: Final = "AWS::S3::Bucket"
_TO_LOGS: Final = {"LogDestination": {"Fn::GetAtt": ["Logs", "Arn"]}}


_ALL_BUT_THAT: Final = "VpcStack,DataStack,BackendAsgStack,FrontendCdnStack,EksPlatformStack,EdgeWatchStack"


def _to(bucket: Any) -> dict[str, Any]:
    return resource(_S3, {"LoggingConfiguration": {"DestinationBucketName": bucket}})


def _logged(name: str, bucket: dict[str, Any], *, finds: bool, says: str = "", **more: Any) -> Case:
    """A bucket of DataStack; the log bucket is VpcStack's, and one by its flow log."""
    vpc = {"Logs": resource(_S3), "Flow": resource("AWS::EC2::FlowLog", _TO_LOGS)}
    outputs = {"Logs": {"Value": {"Ref": "Logs"}}}
    options: dict[str, Any] = {
        "stack": "VpcStack",
        "also": {"DataStack": {"It": bucket, **more}},
        "template": {"Outputs": outputs},
    }
    if finds:
        return bad("S3-21", name, vpc, says=says, **options)
    return good("S3-21", name, vpc, **options)


_LOGS_THERE: Final = {"Fn::GetStackOutput": {"StackName": "cloudmart-lab-VpcStack", "OutputName": "Logs"}}
_FLOW_LOG: Final = resource("AWS::EC2::FlowLog", {"LogDestination": {"Fn::GetAtt": ["It", "Arn"]}})
LOGGED: Final = (
    _logged("to the log bucket", _to(_LOGS_THERE), finds=False),
    _logged("nowhere", resource(_S3), finds=True, says="not set; allowed: the stage's log bucket"),
    _logged("to a bucket by its name", _to("elsewhere"), finds=True, says="elsewhere"),
    _logged("to a bucket from a parameter", _to({"Ref": "Where"}), finds=True),
    _logged("to a bucket of a like name", _to({"Fn::Join": ["", [_LOGS_THERE, "-2"]]}), finds=True),
    _logged("in a hidden branch only", _to(_if(_LOGS_THERE, _NOTHING)), finds=True),
    _logged("to itself", _to({"Ref": "It"}), finds=True),
    _logged("to each other", _to({"Ref": "Other"}), Other=_to({"Ref": "It"}), finds=True),
    _logged("not at all, since a flow log goes there", resource(_S3), Flow=_FLOW_LOG, finds=True),
    good("S3-21", "an app without a log bucket", {"It": resource(_S3)}, stack="MonitoringStack", skip=_ALL_BUT_THAT),
    good("S3-21", "the log bucket", {"It": resource(_S3), "Flow": _FLOW_LOG}, stack="VpcStack"),
    bad("S3-21", "the log bucket, to itself without end", {"It": _to({"Ref": "It"})}, stack="VpcStack"),
)


def _shared(name: str, cors: Any, *, finds: bool = True, says: str = "") -> Case:
    resources = {"It": resource(_S3, {"CorsConfiguration": cors})}
    return bad("S3-22", name, resources, says=says) if finds else good("S3-22", name, resources)


def _origins(*origins: Any) -> dict[str, Any]:
    return {"CorsRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": list(origins)}]}


SHARED: Final = (
    good("S3-22", "with nobody", {"It": resource(_S3)}),
    _shared("with the shop", _origins("https://shop.example.com"), finds=False),
    _shared("with everybody", _origins("*"), says="AllowedOrigins.0 is *; allowed: stated origins"),
    _shared("with everybody who has a certificate", _origins("https://*")),
    _shared("with everybody besides", _origins("https://shop.example.com", "*"), says="AllowedOrigins.1"),
    _shared("with everybody, not in a list", {"CorsRules": {"AllowedOrigins": "*"}}),
    _shared(
        "with everybody in a second rule",
        {"CorsRules": [*_origins("https://a")["CorsRules"], *_origins("*")["CorsRules"]]},
    ),
    _shared("with whom a parameter says", _origins({"Ref": "Who"})),
    _shared("as a parameter says", {"Ref": "Cors"}),
    _shared("with everybody in a hidden branch", _origins(_if("https://shop.example.com", "*"))),
)

_QUEUE_TYPE: Final = "AWS::SQS::Queue"


def _queue(**properties: Any) -> dict[str, Any]:
    return {"It": resource(_QUEUE_TYPE, properties), "Key": resource("AWS::KMS::Key")}


_TRAIL: Final = resource("AWS::CloudTrail::Trail")


def _watched(resources: Mapping[str, Any], *, finds: bool, name: str, stage: str = "prod", **options: Any) -> Case:
    options = {"stack": "MonitoringStack", "stage": stage, **options}
    return (bad if finds else good)("TRAIL-8", name, resources, **options)


OTHERS: Final = (
    good("SQS-1", "a key of ours", _queue(KmsMasterKeyId={"Ref": "Key"})),
    good("SQS-1", "SQS's own key", _queue(SqsManagedSseEnabled=True)),
    good("SQS-1", "SQS's own key, as text", _queue(SqsManagedSseEnabled="true")),
    bad("SQS-1", "nothing said", _queue(), says="not set; allowed: a key of this app, or SqsManagedSseEnabled"),
    bad("SQS-1", "switched off", _queue(SqsManagedSseEnabled=False)),
    bad("SQS-1", "AWS's key for everybody", _queue(KmsMasterKeyId="alias/aws/sqs"), says="alias/aws/sqs"),
    bad("SQS-1", "a key from a parameter", _queue(KmsMasterKeyId={"Ref": "Which"})),
    bad("SQS-1", "a hidden branch", _queue(SqsManagedSseEnabled=_if(True, False))),
    _watched({"Trail": _TRAIL}, name="a trail in prod", finds=False),
    _watched({}, name="none in lab", stage="lab", finds=False),
    _watched({}, name="none without MonitoringStack", stack="VpcStack", finds=False),
    _watched({}, name="none in prod", finds=True, says="without a trail; allowed: one in stage prod"),
    _watched({"Trail": {**_TRAIL, "Condition": "Rarely"}}, name="one under a condition", finds=True),
    _watched({}, name="none where the setting says so", stage="lab", monitoring__cloudtrail="true", finds=True),
)


def _password(*parts: Any) -> dict[str, Any]:
    return {"MasterUserPassword": {"Fn::Join": ["", list(parts)]}}


_OF_SECRET: Final = _password("{{resolve:secretsmanager:", {"Ref": "Secret"}, "}}")
_BESIDE: Final = {
    "Cluster": resource(_AURORA, _OF_SECRET),
    "Secret": resource("AWS::SecretsManager::Secret"),
    "Source": resource(_SERVER, {"StorageEncrypted": True, **_OF_SECRET}),
}


def _row(rule: str, name: str, type: str, properties: Mapping[str, Any], *, finds: bool = True, **options: Any) -> Case:
    resources = {**_BESIDE, "It": resource(f"AWS::{type}", properties)}
    return (bad if finds else good)(rule, name, resources, **options)


_SOURCE: Final = {"SourceDBInstanceIdentifier": {"Ref": "Source"}}
_PREFERRED: Final = {"OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}}
_AES: Final = {"ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}
_ASSETS: Final = "cdk-hnb659fds-assets-${AWS::AccountId}-ap-northeast-2"
_TO_QUEUE: Final = resource("AWS::SNS::Subscription", {"Endpoint": {"Fn::GetAtt": ["Queue", "Arn"]}})
ROUND_A_ROW: Final = (
    _row("RDS-1", "an instance of somebody's cluster", "RDS::DBInstance", {"DBClusterIdentifier": "elsewhere"}),
    _row("RDS-1", "an instance of no cluster", "RDS::DBInstance", {"DBClusterIdentifier": ""}),
    _row("RDS-1", "a cluster that is none", "RDS::DBInstance", {"DBClusterIdentifier": {"Ref": "Secret"}}),
    _row("RDS-1", "a replica of ours, beside it", "RDS::DBInstance", _SOURCE, finds=False),
    _row("RDS-1", "a replica of somebody's", "RDS::DBInstance", {"SourceDBInstanceIdentifier": "elsewhere"}),
    _row("RDS-7", "a replica of somebody's", "RDS::DBInstance", {"SourceDBInstanceIdentifier": "elsewhere"}),
    _row(
        "RDS-7",
        "a replica of another account's, of the same name",
        "RDS::DBInstance",
        {"SourceDBInstanceIdentifier": {"Fn::Sub": "arn:aws:rds:ap-northeast-2:999999999999:db:${Source}"}},
    ),
    _row(
        "RDS-7",
        "a replica of ours, by its ARN",
        "RDS::DBInstance",
        {"SourceDBInstanceIdentifier": {"Fn::Sub": "arn:aws:rds:ap-northeast-2:${AWS::AccountId}:db:${Source}"}},
        finds=False,
    ),
    _row("RDS-15", "a replica's own", "RDS::DBInstance", {**_SOURCE, "MasterUserPassword": "hunter2"}),
    _row("RDS-15", "its cluster's", "RDS::DBInstance", {"DBClusterIdentifier": {"Ref": "Cluster"}}, finds=False),
    _row("RDS-15", "its source's", "RDS::DBInstance", _SOURCE, finds=False),
    _row("RDS-15", "a parameter", "RDS::DBInstance", {"MasterUserPassword": {"Ref": "Password"}}),
    _row(
        "RDS-15",
        "a secret of a parameter",
        "RDS::DBInstance",
        _password("{{resolve:secretsmanager:", {"Ref": "Whose"}, "}}"),
    ),
    _row("RDS-15", "a secret by its name", "RDS::DBInstance", _password("{{resolve:secretsmanager:a}}")),
    _row(
        "RDS-15",
        "more than a secret",
        "RDS::DBInstance",
        _password("{{resolve:secretsmanager:", {"Ref": "Secret"}, "}}1"),
    ),
    _row("RDS-15", "a secret", "RDS::DBInstance", _OF_SECRET, finds=False),
    _row("CACHE-12", "no user group", "ElastiCache::ReplicationGroup", {"UserGroupIds": []}),
    _row("CACHE-12", "somebody's user group", "ElastiCache::ReplicationGroup", {"UserGroupIds": ["elsewhere"]}),
    _row("KMS-1", "a kind that a parameter says", "KMS::Key", {"KeySpec": {"Ref": "Kind"}}),
    _row("KMS-1", "a kind that says so", "KMS::Key", {"KeySpec": "SYMMETRIC_DEFAULT"}),
    _row(
        "LAMBDA-1",
        "another account's assets",
        "Lambda::Function",
        {"Code": {"S3Bucket": "cdk-x-assets-999999999999-us-east-1"}},
    ),
    _row(
        "LAMBDA-1",
        "a bucket of a like name",
        "Lambda::Function",
        {"Code": {"S3Bucket": {"Fn::Sub": f"{_ASSETS}.evil"}}},
    ),
    _row("LAMBDA-1", "code from a parameter", "Lambda::Function", {"Code": {"ZipFile": {"Ref": "Code"}}}),
    _row(
        "LAMBDA-1",
        "our assets by the account's number",
        "Lambda::Function",
        {"Code": {"S3Bucket": "cdk-hnb659fds-assets-123456789012-ap-northeast-2"}},
        account="123456789012",
        finds=False,
    ),
    _row("TRAIL-7", "a bucket of a like name", "CloudTrail::Trail", {"S3BucketName": {"Fn::Sub": "${Source}-2"}}),
    _row("S3-1", "a branch without", "S3::Bucket", {"BucketEncryption": _if(_AES, _NOTHING)}),
    _row("S3-3", "images without our key", "S3::Bucket", {"BucketEncryption": _AES}, says="AES256"),
    _row("S3-14", "ACLs, though nobody logs here", "S3::Bucket", _PREFERRED, stack="VpcStack"),
    bad("S3-14", "ACLs, since a flow log goes there", {"It": resource(_S3, _PREFERRED), "Flow": _FLOW_LOG}),
    good("S3-14", "ACLs in the log bucket", {"It": resource(_S3, _PREFERRED), "Flow": _FLOW_LOG}, stack="VpcStack"),
    good("SNS-13", "a queue of this app", {"Queue": resource("AWS::SQS::Queue"), "It": _TO_QUEUE}),
    _row("SNS-13", "a queue of another account", "SNS::Subscription", {"Endpoint": "arn:aws:sqs:x:9:q"}),
    _row("SNS-13", "somebody else", "SNS::Subscription", {"Endpoint": "evil@example.com"}, says="evil@example.com"),
    _row("SNS-13", "nobody, where nobody is stated", "SNS::Subscription", {"Endpoint": ""}),
    _row(
        "SNS-13",
        "who is stated",
        "SNS::Subscription",
        {"Endpoint": "ops@example.com"},
        monitoring__email="ops@example.com",
        finds=False,
    ),
    _row("SNS-12", "HTTP within the topic", "SNS::Topic", {"Subscription": [{"Protocol": "http"}]}, says="is http"),
    _row("SNS-12", "a subscription, not a list", "SNS::Topic", {"Subscription": {"Protocol": "http"}}),
)

CASES: Final = (*DENIES, *FORCED, *LOGGED, *SHARED, *OTHERS, *ROUND_A_ROW)


@each(CASES)
def test_case(case: Case) -> None:
    case.check()


_FUNCTIONS: Final = [
    rule.id for rule in (*at_rest.RULES[len(at_rest.ROWS) :], *in_transit.RULES[len(in_transit.ROWS) :])
]


@pytest.mark.parametrize("rule", _FUNCTIONS)
def test_every_rule_has_two_cases_that_it_finds_and_one_that_it_accepts(rule: str) -> None:
    of_rule = [case.bad for case in CASES if case.rule == rule]
    assert of_rule.count(True) >= 2
    assert False in of_rule


def test_each_bucket_has_a_finding_of_its_own() -> None:
    ours, theirs = {"Ours": resource(_S3)}, {"Theirs": resource(_S3)}
    app = deployment({**ours, **theirs, "Policy": _BUCKET.policy([_BUCKET.deny()], {"Ref": "Ours"})})
    assert [each.found.resource.logical_id for each in found(app, "S3-20")] == ["Ours", "Theirs"]


def test_a_finding_says_what_would_do() -> None:
    (finding,) = found(deployment({"It": resource("AWS::SNS::Topic")}), "SNS-10")
    assert "allowed: an unconditional Deny of sns:Publish or sns:* without TLS, for everybody" in finding.text

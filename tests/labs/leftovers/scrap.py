"""A stack that leaves everything behind when it goes: what the tests find and remove.

One resource of each kind that the emulator keeps tags of, with what makes its removal hard: objects in a bucket, groups
that name each other, a gateway in a subnet, a rule with a target, a role with policies.
"""

import json
from typing import Any, Final

Template = dict[str, Any]

_LAMBDA: Final = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
_LOGS: Final = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "logs:PutLogEvents", "Resource": "arn:aws:logs:*:*:log-group:x"}],
}


def _ref(name: str) -> dict[str, str]:
    return {"Ref": name}


def _att(name: str, attribute: str) -> dict[str, list[str]]:
    return {"Fn::GetAtt": [name, attribute]}


def _network() -> Template:
    return {
        "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.9.0.0/16"}},
        "Subnet": {
            "Type": "AWS::EC2::Subnet",
            "Properties": {"VpcId": _ref("Vpc"), "CidrBlock": "10.9.1.0/24", "AvailabilityZone": "ap-northeast-2a"},
        },
        "Gateway": {"Type": "AWS::EC2::InternetGateway", "Properties": {}},
        "Attached": {
            "Type": "AWS::EC2::VPCGatewayAttachment",
            "Properties": {"VpcId": _ref("Vpc"), "InternetGatewayId": _ref("Gateway")},
        },
        "Flows": {
            "Type": "AWS::EC2::FlowLog",
            "Properties": {
                "ResourceId": _ref("Vpc"),
                "ResourceType": "VPC",
                "TrafficType": "ALL",
                "LogDestinationType": "s3",
                "LogDestination": "arn:aws:s3:::flows",
            },
        },
        "Zone": {"Type": "AWS::Route53::HostedZone", "Properties": {"Name": "lab.cloudmart.internal"}},
        "ZoneRecord": {
            "Type": "AWS::Route53::RecordSet",
            "Properties": {
                "HostedZoneId": _ref("Zone"),
                "Name": "db.lab.cloudmart.internal",
                "Type": "CNAME",
                "TTL": "60",
                "ResourceRecords": ["db.example.com"],
            },
        },
        "Routes": {"Type": "AWS::EC2::RouteTable", "Properties": {"VpcId": _ref("Vpc")}},
        "Routed": {
            "Type": "AWS::EC2::SubnetRouteTableAssociation",
            "Properties": {"SubnetId": _ref("Subnet"), "RouteTableId": _ref("Routes")},
        },
        "Address": {"Type": "AWS::EC2::EIP", "Properties": {"Domain": "vpc"}},
        "Nat": {
            "Type": "AWS::EC2::NatGateway",
            "Properties": {"SubnetId": _ref("Subnet"), "AllocationId": _att("Address", "AllocationId")},
        },
        "First": _group(),
        "Second": _group(),
        "FirstToSecond": _rule("First", "Second"),
        "SecondToFirst": _rule("Second", "First"),
        "Balancer": {
            "Type": "AWS::ElasticLoadBalancingV2::LoadBalancer",
            "Properties": {"Subnets": [_ref("Subnet")], "SecurityGroups": [_ref("First")]},
        },
        "Targets": {
            "Type": "AWS::ElasticLoadBalancingV2::TargetGroup",
            "Properties": {"VpcId": _ref("Vpc"), "Port": 8080, "Protocol": "HTTP"},
        },
        "Listener": {
            "Type": "AWS::ElasticLoadBalancingV2::Listener",
            "Properties": {
                "LoadBalancerArn": _ref("Balancer"),
                "Port": 80,
                "Protocol": "HTTP",
                "DefaultActions": [{"Type": "forward", "TargetGroupArn": _ref("Targets")}],
            },
        },
    }


def _group() -> Template:
    return {"Type": "AWS::EC2::SecurityGroup", "Properties": {"VpcId": _ref("Vpc"), "GroupDescription": "scrap"}}


def _rule(group: str, source: str) -> Template:
    return {
        "Type": "AWS::EC2::SecurityGroupIngress",
        "Properties": {
            "GroupId": _ref(group),
            "SourceSecurityGroupId": _ref(source),
            "IpProtocol": "tcp",
            "FromPort": 80,
            "ToPort": 80,
        },
    }


def _stores(copy: str) -> Template:
    name, _, stage = copy.rpartition("-")
    return {
        "Bucket": {
            "Type": "AWS::S3::Bucket",
            "Properties": {"BucketName": f"{copy}-scrap", "VersioningConfiguration": {"Status": "Enabled"}},
        },
        "Group": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": f"/aws/eks/{copy}-tiketi/cluster"}},
        "Secret": {"Type": "AWS::SecretsManager::Secret", "Properties": {"Name": f"{copy}/scrap"}},
        "Setting": {
            "Type": "AWS::SSM::Parameter",
            "Properties": {"Name": f"/{name}/{stage}/scrap", "Type": "String", "Value": "x"},
        },
        "Key": {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": {}}},
        "Alias": {
            "Type": "AWS::KMS::Alias",
            "Properties": {"AliasName": f"alias/{copy}-data", "TargetKeyId": _ref("Key")},
        },
        "Table": {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                "BillingMode": "PAY_PER_REQUEST",
            },
        },
        "Images": {"Type": "AWS::ECR::Repository", "Properties": {"RepositoryName": f"{copy}/scrap"}},
        "Parameters": {
            "Type": "AWS::RDS::DBParameterGroup",
            "Properties": {"Family": "postgres16", "Description": "scrap", "Parameters": {}},
        },
        "CacheParameters": {
            "Type": "AWS::ElastiCache::ParameterGroup",
            "Properties": {"CacheParameterGroupFamily": "redis7", "Description": "scrap"},
        },
    }


def _workers() -> Template:
    return {
        "Topic": {"Type": "AWS::SNS::Topic", "Properties": {}},
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": {}},
        "Rule": {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "EventPattern": {"source": ["aws.ec2"]},
                "Targets": [{"Id": "topic", "Arn": _ref("Topic")}],
            },
        },
        "Alarm": {
            "Type": "AWS::CloudWatch::Alarm",
            "Properties": {
                "Namespace": "AWS/EC2",
                "MetricName": "CPUUtilization",
                "ComparisonOperator": "GreaterThanThreshold",
                "Threshold": 80,
                "EvaluationPeriods": 1,
                "Period": 300,
                "Statistic": "Average",
            },
        },
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": _LAMBDA,
                "Policies": [{"PolicyName": "Own", "PolicyDocument": _LOGS}],
            },
        },
        "Template": {
            "Type": "AWS::EC2::LaunchTemplate",
            "Properties": {"LaunchTemplateData": {"InstanceType": "t3.micro", "ImageId": "ami-0123456789abcdef0"}},
        },
        "Fleet": {
            "Type": "AWS::AutoScaling::AutoScalingGroup",
            "Properties": {
                "MinSize": "0",
                "MaxSize": "1",
                "AvailabilityZones": ["ap-northeast-2a"],
                "LaunchTemplate": {
                    "LaunchTemplateId": _ref("Template"),
                    "Version": _att("Template", "LatestVersionNumber"),
                },
            },
        },
        "Function": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Runtime": "python3.14",
                "Handler": "index.handle",
                "Role": _att("Role", "Arn"),
                "Code": {"ZipFile": "def handle(event, context): pass"},
            },
        },
    }


UNTAGGED: Final = frozenset(
    {"Attached", "Routed", "FirstToSecond", "SecondToFirst", "Listener", "Alias", "Template", "ZoneRecord"}
)
"""Logical ids of what goes with another one, or has no tags of its own."""


def template(copy: str) -> str:
    """Of a stack of `<name>-<stage>`; every resource carries the project's tags and outlives the stack."""
    _, _, stage = copy.rpartition("-")
    tags = {"Project": "CloudMart", "Stage": stage, "Stack": "DataStack", "Lifetime": "4h"}
    resources = _network() | _stores(copy) | _workers()
    for id, resource in resources.items():
        resource["DeletionPolicy"] = "Retain"
        if id not in UNTAGGED:
            spread = {"PropagateAtLaunch": True} if id == "Fleet" else {}
            listed = [{"Key": key, "Value": value, **spread} for key, value in tags.items()]
            key = "HostedZoneTags" if id == "Zone" else "Tags"
            resource["Properties"][key] = tags if id == "Setting" else listed
    return json.dumps({"Resources": resources})

"""What a careless or ill-meaning hand would write: weaker values, additions, newcomers.

Owns tables only, none of them made from the rules: values that mean something in CloudFormation, and what could be
added to a type or arrive in a stack.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

Path = tuple[str | int, ...]
"""A place in a resource, step by step."""

GONE: Final = ...
"""Not there any more. A singleton, in every process."""

WEAKER: Final[Mapping[str, tuple[str, ...]]] = {
    "required": ("optional",),
    "enabled": ("disabled",),
    "Enabled": ("Suspended", "Disabled"),
    "always": ("never", "no-override"),
    "sigv4": ("none",),
    "IMMUTABLE": ("MUTABLE",),
    "aws:kms": ("AES256",),
    "AES256": ("none",),
    "redirect-to-https": ("allow-all",),
    "https-only": ("http-only", "match-viewer"),
    "http-only": ("match-viewer",),
    "TLSv1.2": ("TLSv1", "SSLv3"),
    "TLSv1.2_2021": ("TLSv1", "TLSv1.1_2016"),
    "HTTPS": ("HTTP",),
    "Deny": ("Allow",),
    "ALL": ("REJECT", "ACCEPT"),
    "BucketOwnerEnforced": ("ObjectWriter", "BucketOwnerPreferred"),
    "BucketOwnerPreferred": ("ObjectWriter",),
    "Retain": ("Delete",),
    "RetainExceptOnCreate": ("Delete",),
    "Snapshot": ("Delete",),
    "Delete": ("Retain",),
    "STANDARD": ("EXTENDED",),
    "API": ("API_AND_CONFIG_MAP", "CONFIG_MAP"),
    "SECRETS": ("NONE",),
    "DISABLED": ("REQUIRED",),
    "defensive": ("monitor",),
    "DENY": ("ALLOWALL",),
    "fixed-response": ("forward",),
    "strict-origin-when-cross-origin": ("unsafe-url",),
    "AL2023_x86_64_STANDARD": ("AL2_x86_64", "CUSTOM"),
    "AL2023_ARM_64_STANDARD": ("AL2_ARM_64", "CUSTOM"),
    "KEEP": ("DROP",),
    "CLOUDFRONT": ("REGIONAL",),
    "REGIONAL": ("CLOUDFRONT",),
    "internet-facing": ("internal",),
    "tcp": ("-1",),
    "udp": ("-1",),
    "cluster": ("namespace",),
    "1": ("0",),
    "rds-ca-rsa2048-g1": ("rds-ca-2019",),
    "STRINGEQUALS": ("STRINGLIKE",),
    "cloud-watch-logs": ("kinesis-data-firehose",),
}
"""A value with a meaning -> what a careless or ill-meaning hand would write instead."""

RAISED: Final = ("HttpPutResponseHopLimit", "ToPort", "Limit", "MaxSessionDuration", "TransitionInDays")
FOREIGN: Final = {
    "AWS::EC2::SecurityGroup": "sg-0a1b2c3d4e5f60718",
    "AWS::EC2::Subnet": "subnet-0a1b2c3d4e5f60718",
    "AWS::EC2::VPC": "vpc-0a1b2c3d4e5f60718",
    "AWS::KMS::Key": "arn:aws:kms:ap-northeast-2:999999999999:key/00000000-0000-0000-0000-000000000000",
}
STRANGER: Final = "arn:aws:iam::999999999999:role/Stranger"
_WORLD: Final = {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "CidrIp": "0.0.0.0/0", "Description": "handy"}
_OPEN: Final = {"Effect": "Allow", "Action": "*", "Resource": "*"}
_TO_ALL: Final = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}

ADDITIONS: Final[Mapping[str, tuple[tuple[Path, Any], ...]]] = {
    "AWS::EC2::SecurityGroup": (
        (("SecurityGroupIngress",), [_WORLD]),
        (("SecurityGroupIngress",), [{**_WORLD, "FromPort": 22, "ToPort": 22}]),
        (("SecurityGroupIngress",), [{"IpProtocol": "-1", "CidrIpv6": "::/0", "Description": "handy"}]),
    ),
    "AWS::EC2::Subnet": ((("MapPublicIpOnLaunch",), True),),
    "AWS::EC2::LaunchTemplate": (
        (("LaunchTemplateData", "KeyName"), "mine"),
        (("LaunchTemplateData", "NetworkInterfaces"), [{"DeviceIndex": 0, "AssociatePublicIpAddress": True}]),
    ),
    "AWS::EKS::Cluster": (
        (("ResourcesVpcConfig", "EndpointPublicAccess"), True),
        (("ResourcesVpcConfig", "PublicAccessCidrs"), ["0.0.0.0/0"]),
    ),
    "AWS::EKS::Nodegroup": ((("RemoteAccess",), {"Ec2SshKey": "mine"}),),
    "AWS::EKS::AccessEntry": ((("KubernetesGroups",), ["system:masters"]),),
    "AWS::IAM::Role": (
        (("ManagedPolicyArns",), ["arn:aws:iam::aws:policy/AdministratorAccess"]),
        (("Policies",), [{"PolicyName": "All", "PolicyDocument": {"Statement": [_OPEN]}}]),
        (
            ("AssumeRolePolicyDocument", "Statement"),
            [{"Effect": "Allow", "Principal": {"AWS": STRANGER}, "Action": "sts:AssumeRole"}],
        ),
        (
            ("AssumeRolePolicyDocument", "Statement"),
            [{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}],
        ),
    ),
    "AWS::IAM::Policy": ((("PolicyDocument", "Statement"), [_OPEN]),),
    "AWS::S3::Bucket": (
        (("AccessControl",), "PublicRead"),
        (("WebsiteConfiguration",), {"IndexDocument": "index.html"}),
        (("CorsConfiguration",), {"CorsRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}]}),
    ),
    "AWS::S3::BucketPolicy": ((("PolicyDocument", "Statement"), [_TO_ALL]),),
    "AWS::SNS::TopicPolicy": ((("PolicyDocument", "Statement"), [{**_TO_ALL, "Action": "sns:Subscribe"}]),),
    "AWS::KMS::Key": (
        (("KeyPolicy", "Statement"), [{**_TO_ALL, "Action": "kms:Decrypt"}]),
        (("Enabled",), False),
    ),
    "AWS::ECR::Repository": ((("RepositoryPolicyText",), {"Statement": [{**_TO_ALL, "Action": "ecr:BatchGetImage"}]}),),
    "AWS::Lambda::Function": ((("Environment", "Variables", "PASSWORD"), "{{resolve:secretsmanager:x:SecretString}}"),),
    "AWS::SecretsManager::Secret": ((("SecretString",), "hunter2"),),
    "AWS::CloudTrail::Trail": ((("EventSelectors",), [{"ReadWriteType": "ReadOnly"}]),),
    "AWS::RDS::DBInstance": ((("PubliclyAccessible",), True),),
    "AWS::Route53::HostedZone": ((("VPCs",), GONE),),
}
"""Type -> what could be added to one that has it not. A list is appended to a list, other values are set."""

_POD: Final = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "x"},
    "spec": {"containers": [{"name": "x", "image": "x", "securityContext": {"privileged": True}}]},
}
_ANY_REPOSITORY: Final = {
    "Effect": "Allow",
    "Principal": {"Federated": "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"},
    "Action": "sts:AssumeRoleWithWebIdentity",
}
NEWCOMERS: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    ("a user with a key", {"Type": "AWS::IAM::User", "Properties": {}}),
    ("an access key", {"Type": "AWS::IAM::AccessKey", "Properties": {"UserName": "me"}}),
    ("a function URL", {"Type": "AWS::Lambda::Url", "Properties": {"AuthType": "NONE", "TargetFunctionArn": "f"}}),
    (
        "a public function",
        {
            "Type": "AWS::Lambda::Permission",
            "Properties": {"Action": "lambda:InvokeFunction", "FunctionName": "f", "Principal": "*"},
        },
    ),
    ("a plain queue", {"Type": "AWS::SQS::Queue", "Properties": {}}),
    ("a plain file system", {"Type": "AWS::EFS::FileSystem", "Properties": {}}),
    ("a plain table", {"Type": "AWS::DynamoDB::Table", "Properties": {}}),
    ("a plain stream", {"Type": "AWS::Kinesis::Stream", "Properties": {"ShardCount": 1}}),
    ("a plain search domain", {"Type": "AWS::OpenSearchService::Domain", "Properties": {}}),
    ("a plain disk", {"Type": "AWS::EC2::Volume", "Properties": {"AvailabilityZone": "ap-northeast-2a"}}),
    ("a plain bucket", {"Type": "AWS::S3::Bucket", "Properties": {}}),
    ("a plain topic", {"Type": "AWS::SNS::Topic", "Properties": {}}),
    ("a plain secret", {"Type": "AWS::SecretsManager::Secret", "Properties": {"SecretString": "hunter2"}}),
    ("a plain database", {"Type": "AWS::RDS::DBInstance", "Properties": {"Engine": "postgres"}}),
    ("a plain cluster", {"Type": "AWS::RDS::DBCluster", "Properties": {"Engine": "aurora-postgresql"}}),
    ("a plain cache", {"Type": "AWS::ElastiCache::ReplicationGroup", "Properties": {}}),
    ("a plain instance", {"Type": "AWS::EC2::Instance", "Properties": {"ImageId": "ami-0"}}),
    (
        "a plain load balancer",
        {"Type": "AWS::ElasticLoadBalancingV2::LoadBalancer", "Properties": {"Scheme": "internet-facing"}},
    ),
    ("a group of its own", {"Type": "AWS::EC2::SecurityGroup", "Properties": {"GroupDescription": "mine"}}),
    ("a peering", {"Type": "AWS::EC2::VPCPeeringConnection", "Properties": {}}),
    ("an address", {"Type": "AWS::EC2::EIP", "Properties": {"Domain": "vpc"}}),
    (
        "a nested stack",
        {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "https://example.com/t.json"}},
    ),
    ("a resource of an unknown type", {"Type": "AWS::Brand::New", "Properties": {}}),
    ("an API call at deploy time", {"Type": "Custom::AWS", "Properties": {"ServiceToken": "x"}}),
    (
        "a privileged pod",
        {"Type": "Custom::AWSCDK-EKS-KubernetesResource", "Properties": {"Manifest": json.dumps([_POD])}},
    ),
    (
        "a role for every repository",
        {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {"Statement": [_ANY_REPOSITORY]}}},
    ),
)
"""What could arrive in a stack, each as careless as its type allows."""

"""One CloudFormation template that holds every resource type that the server adds."""

from typing import Any

Template = dict[str, Any]


def _ref(name: str) -> dict[str, str]:
    return {"Ref": name}


def _att(name: str, attribute: str) -> dict[str, list[str]]:
    return {"Fn::GetAtt": [name, attribute]}


_ROTATOR = """
import boto3

def handle(event, context):
    secrets = boto3.client("secretsmanager")
    arn, version = event["SecretId"], event["ClientRequestToken"]
    described = secrets.describe_secret(SecretId=arn)["VersionIdsToStages"]
    assert "AWSPENDING" in described[version], described
    if event["Step"] == "createSecret":
        value = secrets.get_random_password(ExcludePunctuation=True)["RandomPassword"]
        if secrets.get_secret_value(SecretId=arn)["SecretString"] == "broken":
            secrets.tag_resource(SecretId=arn, Tags=[{"Key": "refused", "Value": version}])
            raise ValueError("this secret cannot be rotated")
        stages = ["AWSPENDING"]
        secrets.put_secret_value(SecretId=arn, ClientRequestToken=version, SecretString=value, VersionStages=stages)
    if event["Step"] == "finishSecret":
        current = next(each for each, stages in described.items() if "AWSCURRENT" in stages)
        secrets.update_secret_version_stage(
            SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=version, RemoveFromVersionId=current
        )
        secrets.update_secret_version_stage(SecretId=arn, VersionStage="AWSPENDING", RemoveFromVersionId=version)
"""

_TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


def _network() -> Template:
    return {
        "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
        "Pods": {"Type": "AWS::EC2::VPCCidrBlock", "Properties": {"VpcId": _ref("Vpc"), "CidrBlock": "100.64.0.0/16"}},
        "SubnetA": {
            "Type": "AWS::EC2::Subnet",
            "Properties": {"VpcId": _ref("Vpc"), "CidrBlock": "10.0.1.0/24", "AvailabilityZone": "ap-northeast-2a"},
        },
        "SubnetC": {
            "Type": "AWS::EC2::Subnet",
            "Properties": {"VpcId": _ref("Vpc"), "CidrBlock": "10.0.2.0/24", "AvailabilityZone": "ap-northeast-2c"},
        },
        "Address": {"Type": "AWS::EC2::EIP", "Properties": {"Domain": "vpc", "Tags": [{"Key": "a", "Value": "b"}]}},
        "Nat": {
            "Type": "AWS::EC2::NatGateway",
            "Properties": {"SubnetId": _ref("SubnetA"), "AllocationId": _att("Address", "AllocationId")},
        },
        "Bucket": {
            "Type": "AWS::S3::Bucket",
            "Properties": {
                "Tags": [{"Key": "Stage", "Value": "lab"}],
                "BucketEncryption": {
                    "ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
                },
                "LifecycleConfiguration": {
                    "Rules": [
                        {
                            "Id": "age",
                            "Status": "Enabled",
                            "Transitions": [
                                {"StorageClass": "STANDARD_IA", "TransitionInDays": 30},
                                {"StorageClass": "GLACIER", "TransitionInDays": 90},
                            ],
                            "ExpirationInDays": 180,
                            "NoncurrentVersionExpiration": {"NoncurrentDays": 90},
                        }
                    ]
                },
                "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]},
            },
        },
        "Images": {
            "Type": "AWS::S3::Bucket",
            "Properties": {"BucketNamePrefix": "test-images", "BucketNamespace": "account-regional"},
        },
        "Flow": {
            "Type": "AWS::EC2::FlowLog",
            "Properties": {
                "ResourceId": _ref("Vpc"),
                "ResourceType": "VPC",
                "TrafficType": "ALL",
                "LogDestinationType": "s3",
                "LogDestination": _att("Bucket", "Arn"),
            },
        },
        "Acl": {"Type": "AWS::EC2::NetworkAcl", "Properties": {"VpcId": _ref("Vpc")}},
        "AclEntry": {
            "Type": "AWS::EC2::NetworkAclEntry",
            "Properties": {
                "NetworkAclId": _ref("Acl"),
                "RuleNumber": 100,
                "Protocol": 6,
                "RuleAction": "allow",
                "CidrBlock": "10.0.0.0/16",
                "PortRange": {"From": 5432, "To": 5432},
            },
        },
        "AclAssociation": {
            "Type": "AWS::EC2::SubnetNetworkAclAssociation",
            "Properties": {"NetworkAclId": _ref("Acl"), "SubnetId": _ref("SubnetA")},
        },
        "Web": {
            "Type": "AWS::EC2::SecurityGroup",
            "Properties": {"GroupDescription": "web", "VpcId": _ref("Vpc")},
        },
        "Db": {
            "Type": "AWS::EC2::SecurityGroup",
            "Properties": {
                "GroupDescription": "db",
                "VpcId": _ref("Vpc"),
                "SecurityGroupEgress": [
                    {"IpProtocol": "icmp", "FromPort": 252, "ToPort": 86, "CidrIp": "255.255.255.255/32"}
                ],
            },
        },
        "FromWeb": {
            "Type": "AWS::EC2::SecurityGroupIngress",
            "Properties": {
                "GroupId": _ref("Db"),
                "IpProtocol": "tcp",
                "FromPort": 5432,
                "ToPort": 5432,
                "SourceSecurityGroupId": _ref("Web"),
                "Description": "PostgreSQL from web",
            },
        },
        "FromCdn": {
            "Type": "AWS::EC2::SecurityGroupIngress",
            "Properties": {
                "GroupId": _ref("Web"),
                "IpProtocol": "tcp",
                "FromPort": 80,
                "ToPort": 80,
                "SourcePrefixListId": "pl-22a6434b",
                "Description": "CDN",
            },
        },
        "ToDb": {
            "Type": "AWS::EC2::SecurityGroupEgress",
            "Properties": {
                "GroupId": _ref("Web"),
                "IpProtocol": "tcp",
                "FromPort": 5432,
                "ToPort": 5432,
                "DestinationSecurityGroupId": _ref("Db"),
                "Description": "PostgreSQL to db",
            },
        },
        "Zone": {
            "Type": "AWS::Route53::HostedZone",
            "Properties": {
                "Name": "lab.test.internal",
                "VPCs": [{"VPCId": _ref("Vpc"), "VPCRegion": "ap-northeast-2"}],
            },
        },
    }


def _data() -> Template:
    return {
        "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": _TRUST}},
        "Secret": {
            "Type": "AWS::SecretsManager::Secret",
            "Properties": {
                "GenerateSecretString": {
                    "GenerateStringKey": "password",
                    "SecretStringTemplate": '{"username":"owner"}',
                }
            },
        },
        "SecretPolicy": {
            "Type": "AWS::SecretsManager::ResourcePolicy",
            "Properties": {"SecretId": _ref("Secret"), "ResourcePolicy": {"Version": "2012-10-17", "Statement": []}},
        },
        "RotatorLog": {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": 7}},
        "Rotator": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Runtime": "python3.14",
                "Handler": "index.handle",
                "Role": _att("Role", "Arn"),
                "Timeout": 60,
                "LoggingConfig": {"LogGroup": _ref("RotatorLog")},
                "Code": {"ZipFile": _ROTATOR},
            },
        },
        "Rotation": {
            "Type": "AWS::SecretsManager::RotationSchedule",
            "Properties": {
                "SecretId": _ref("Secret"),
                "RotationLambdaARN": _att("Rotator", "Arn"),
                "RotationRules": {"AutomaticallyAfterDays": 30},
                "RotateImmediatelyOnUpdate": False,
            },
        },
        "DbSubnets": {
            "Type": "AWS::RDS::DBSubnetGroup",
            "Properties": {"DBSubnetGroupDescription": "data", "SubnetIds": [_ref("SubnetA"), _ref("SubnetC")]},
        },
        "Database": {
            "Type": "AWS::RDS::DBInstance",
            "DeletionPolicy": "Delete",
            "Properties": {
                "Engine": "postgres",
                "EngineVersion": "16.9",
                "DBInstanceClass": "db.t3.micro",
                "AllocatedStorage": "20",
                "MasterUsername": {"Fn::Sub": "{{resolve:secretsmanager:${Secret}:SecretString:username}}"},
                "MasterUserPassword": {"Fn::Sub": "{{resolve:secretsmanager:${Secret}:SecretString:password}}"},
                "DBSubnetGroupName": _ref("DbSubnets"),
                "EnableCloudwatchLogsExports": ["postgresql"],
                "DeletionProtection": False,
            },
        },
        "Replica": {
            "Type": "AWS::RDS::DBInstance",
            "DeletionPolicy": "Delete",
            "Properties": {"SourceDBInstanceIdentifier": _ref("Database"), "DBInstanceClass": "db.t3.micro"},
        },
        "Proxy": {
            "Type": "AWS::RDS::DBProxy",
            "Properties": {
                "DBProxyName": "test-lab",
                "EngineFamily": "POSTGRESQL",
                "RoleArn": _att("Role", "Arn"),
                "VpcSubnetIds": [_ref("SubnetA"), _ref("SubnetC")],
                "Auth": [{"AuthScheme": "SECRETS", "SecretArn": _ref("Secret"), "IAMAuth": "DISABLED"}],
                "RequireTLS": True,
            },
        },
        "ProxyTargets": {
            "Type": "AWS::RDS::DBProxyTargetGroup",
            "Properties": {
                "DBProxyName": _ref("Proxy"),
                "TargetGroupName": "default",
                "DBInstanceIdentifiers": [_ref("Database")],
                "ConnectionPoolConfigurationInfo": {"MaxConnectionsPercent": 90},
            },
        },
        "Cache": {
            "Type": "AWS::ElastiCache::ReplicationGroup",
            "DeletionPolicy": "Snapshot",
            "Properties": {
                "ReplicationGroupDescription": "two shards",
                "Engine": "redis",
                "EngineVersion": "7.1",
                "CacheNodeType": "cache.t3.medium",
                "NumNodeGroups": 2,
                "ReplicasPerNodeGroup": 1,
                "AutomaticFailoverEnabled": True,
                "TransitEncryptionEnabled": True,
                "AuthToken": {"Fn::Sub": "{{resolve:secretsmanager:${Secret}:SecretString:password}}"},
            },
        },
        "Vault": {"Type": "AWS::Backup::BackupVault", "Properties": {"BackupVaultName": "test-lab"}},
        "Plan": {
            "Type": "AWS::Backup::BackupPlan",
            "Properties": {
                "BackupPlan": {
                    "BackupPlanName": "test-lab",
                    "BackupPlanRule": [{"RuleName": "daily", "TargetBackupVault": _ref("Vault")}],
                }
            },
        },
        "Selection": {
            "Type": "AWS::Backup::BackupSelection",
            "Properties": {
                "BackupPlanId": _ref("Plan"),
                "BackupSelection": {
                    "SelectionName": "tagged",
                    "IamRoleArn": _att("Role", "Arn"),
                    "ListOfTags": [
                        {"ConditionType": "STRINGEQUALS", "ConditionKey": "Backup", "ConditionValue": "yes"}
                    ],
                },
            },
        },
    }


def _web() -> Template:
    return {
        "Alb": {
            "Type": "AWS::ElasticLoadBalancingV2::LoadBalancer",
            "Properties": {"Name": "test-lab", "Subnets": [_ref("SubnetA"), _ref("SubnetC")]},
        },
        "Blue": {
            "Type": "AWS::ElasticLoadBalancingV2::TargetGroup",
            "Properties": {"Port": 8080, "Protocol": "HTTP", "VpcId": _ref("Vpc"), "HealthCheckPath": "/health"},
        },
        "Green": {
            "Type": "AWS::ElasticLoadBalancingV2::TargetGroup",
            "Properties": {"Port": 8080, "Protocol": "HTTP", "VpcId": _ref("Vpc"), "HealthCheckPath": "/health"},
        },
        "Listener": {
            "Type": "AWS::ElasticLoadBalancingV2::Listener",
            "Properties": {
                "LoadBalancerArn": _ref("Alb"),
                "Port": 80,
                "Protocol": "HTTP",
                "DefaultActions": [
                    {
                        "Type": "forward",
                        "ForwardConfig": {
                            "TargetGroups": [
                                {"TargetGroupArn": _ref("Blue"), "Weight": 100},
                                {"TargetGroupArn": _ref("Green"), "Weight": 0},
                            ]
                        },
                    }
                ],
            },
        },
        "Template": {
            "Type": "AWS::EC2::LaunchTemplate",
            "Properties": {
                "LaunchTemplateData": {
                    "InstanceType": "t3.micro",
                    "ImageId": "{{resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-6.1-x86_64}}",
                }
            },
        },
        "Group": {
            "Type": "AWS::AutoScaling::AutoScalingGroup",
            "Properties": {
                "MinSize": "2",
                "MaxSize": "4",
                "VPCZoneIdentifier": [_ref("SubnetA"), _ref("SubnetC")],
                "LaunchTemplate": {
                    "LaunchTemplateId": _ref("Template"),
                    "Version": _att("Template", "LatestVersionNumber"),
                },
                "TargetGroupARNs": [_ref("Blue")],
                "Tags": [{"Key": "Stage", "Value": "lab", "PropagateAtLaunch": True}],
            },
        },
        "Acl4": {
            "Type": "AWS::WAFv2::WebACL",
            "Properties": {
                "Name": "test",
                "Scope": "REGIONAL",
                "DefaultAction": {"Allow": {}},
                "VisibilityConfig": {
                    "SampledRequestsEnabled": True,
                    "CloudWatchMetricsEnabled": True,
                    "MetricName": "test",
                },
            },
        },
        "AclLink": {
            "Type": "AWS::WAFv2::WebACLAssociation",
            "Properties": {"ResourceArn": _ref("Alb"), "WebACLArn": _att("Acl4", "Arn")},
        },
        "Sources": {
            "Type": "AWS::WAFv2::IPSet",
            "Properties": {"Scope": "REGIONAL", "IPAddressVersion": "IPV4", "Addresses": ["203.0.113.0/24"]},
        },
    }


def _platform() -> Template:
    return {
        "Cluster": {
            "Type": "AWS::EKS::Cluster",
            "Properties": {
                "Name": "test-lab",
                "Version": "1.35",
                "RoleArn": _att("Role", "Arn"),
                "ResourcesVpcConfig": {"SubnetIds": [_ref("SubnetA"), _ref("SubnetC")], "EndpointPublicAccess": False},
                "EncryptionConfig": [{"Resources": ["secrets"], "Provider": {"KeyArn": "arn:aws:kms:x:1:key/k"}}],
                "UpgradePolicy": {"SupportType": "STANDARD"},
            },
        },
        "Nodes": {
            "Type": "AWS::EKS::Nodegroup",
            "Properties": {
                "ClusterName": _ref("Cluster"),
                "NodeRole": _att("Role", "Arn"),
                "Subnets": [_ref("SubnetA")],
                "CapacityType": "SPOT",
                "ScalingConfig": {"MinSize": 0, "MaxSize": 4, "DesiredSize": 0},
            },
        },
        "Addon": {
            "Type": "AWS::EKS::Addon",
            "Properties": {
                "ClusterName": _ref("Cluster"),
                "AddonName": "coredns",
                "AddonVersion": "v1.12.1-eksbuild.2",
            },
        },
        "Access": {
            "Type": "AWS::EKS::AccessEntry",
            "Properties": {
                "ClusterName": _ref("Cluster"),
                "PrincipalArn": _att("Role", "Arn"),
                "AccessPolicies": [
                    {
                        "PolicyArn": "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy",
                        "AccessScope": {"Type": "cluster"},
                    }
                ],
            },
        },
        "PodIdentity": {
            "Type": "AWS::EKS::PodIdentityAssociation",
            "Properties": {
                "ClusterName": _ref("Cluster"),
                "Namespace": "tiketi",
                "ServiceAccount": "auth",
                "RoleArn": _att("Role", "Arn"),
            },
        },
        "Oidc": {
            "Type": "AWS::IAM::OIDCProvider",
            "Properties": {"Url": "https://oidc.example.com/id/1", "ClientIdList": ["sts.amazonaws.com"]},
        },
        "LinkedRole": {
            "Type": "AWS::IAM::ServiceLinkedRole",
            "Properties": {"AWSServiceName": "autoscaling.amazonaws.com", "CustomSuffix": "test"},
        },
    }


def _one_metric(name: str, metric: str) -> Template:
    return {
        "AlarmName": name,
        "Namespace": "Test",
        "MetricName": metric,
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 0,
        "ComparisonOperator": "GreaterThanThreshold",
    }


def _watching(threshold: int) -> Template:
    return {
        "Alarm": {
            "Type": "AWS::CloudWatch::Alarm",
            "Properties": {
                "Namespace": "AWS/EC2",
                "MetricName": "CPUUtilization",
                "Statistic": "Average",
                "Period": 300,
                "EvaluationPeriods": 1,
                "Threshold": threshold,
                "ComparisonOperator": "GreaterThanThreshold",
            },
        },
        "Band": {
            "Type": "AWS::CloudWatch::Alarm",
            "Properties": {
                "EvaluationPeriods": 3,
                "ComparisonOperator": "LessThanLowerThreshold",
                "ThresholdMetricId": "band",
                "Metrics": [
                    {
                        "Id": "m",
                        "MetricStat": {
                            "Metric": {"Namespace": "AWS/EC2", "MetricName": "CPUUtilization"},
                            "Period": "300",
                            "Stat": "Average",
                        },
                    },
                    {"Id": "band", "Expression": "ANOMALY_DETECTION_BAND(m, 3)"},
                ],
            },
        },
        "Planned": {"Type": "AWS::CloudWatch::Alarm", "Properties": _one_metric("test-planned", "Planned")},
        "Broken": {"Type": "AWS::CloudWatch::Alarm", "Properties": _one_metric("test-broken", "Broken")},
        "Called": {"Type": "AWS::SQS::Queue", "Properties": {}},
        "Caller": {"Type": "AWS::SNS::Topic", "Properties": {}},
        "Line": {
            "Type": "AWS::SNS::Subscription",
            "Properties": {
                "TopicArn": _ref("Caller"),
                "Protocol": "sqs",
                "Endpoint": _att("Called", "Arn"),
                "RawMessageDelivery": True,
            },
        },
        "Page": {
            "Type": "AWS::CloudWatch::CompositeAlarm",
            "DependsOn": ["Broken"],
            "Properties": {
                "AlarmName": "test-page",
                "AlarmRule": 'ALARM("test-broken")',
                "AlarmActions": [_ref("Caller")],
                "ActionsSuppressor": _ref("Planned"),
                "ActionsSuppressorWaitPeriod": "60",
                "ActionsSuppressorExtensionPeriod": 60,
            },
        },
        "Told": {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "KeySchema": [{"AttributeName": "subject", "KeyType": "HASH"}],
                "AttributeDefinitions": [{"AttributeName": "subject", "AttributeType": "S"}],
                "BillingMode": "PAY_PER_REQUEST",
                "TimeToLiveSpecification": {"AttributeName": "expires", "Enabled": True},
                "SSESpecification": {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": "alias/test"},
                "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
            },
        },
        "Monday": {
            "Type": "AWS::Scheduler::Schedule",
            "Properties": {
                "Name": "test-monday",
                "ScheduleExpression": "cron(0 9 ? * MON *)",
                "ScheduleExpressionTimezone": "Asia/Seoul",
                "FlexibleTimeWindow": {"Mode": "OFF"},
                "Target": {"Arn": _att("Called", "Arn"), "RoleArn": _att("Role", "Arn")},
            },
        },
        "Trail": {
            "Type": "AWS::CloudTrail::Trail",
            "Properties": {"S3BucketName": _ref("Bucket"), "IsLogging": True, "IsMultiRegionTrail": True},
        },
        "Budget": {
            "Type": "AWS::Budgets::Budget",
            "Properties": {
                "Budget": {"BudgetType": "COST", "TimeUnit": "MONTHLY", "BudgetLimit": {"Amount": 20, "Unit": "USD"}},
                "NotificationsWithSubscribers": [
                    {
                        "Notification": {
                            "ComparisonOperator": "GREATER_THAN",
                            "NotificationType": "ACTUAL",
                            "Threshold": 80,
                        },
                        "Subscribers": [{"SubscriptionType": "EMAIL", "Address": "ops@example.com"}],
                    }
                ],
            },
        },
    }


def everything(*, recorded: list[str], threshold: int = 80) -> Template:
    """The template; `recorded` types get a resource each, without properties."""
    resources = {**_network(), **_data(), **_web(), **_platform(), **_watching(threshold)}
    for number, name in enumerate(recorded):
        resources[f"Recorded{number}"] = {"Type": name, "Properties": {}}
    return {"Resources": resources, "Outputs": {"Cidr": {"Value": _att("Vpc", "CidrBlock")}}}


def colours(*, minimum: int = 2) -> Template:
    """BackendAsgStack's way with its live colour, in small."""

    def when(colour: str, live: int | str, idle: int | str) -> Template:
        return {"Fn::If": [f"{colour}Live", live, idle]}

    network, web = _network(), _web()
    pairs = {
        f"{colour}Group": {
            "Type": "AWS::AutoScaling::AutoScalingGroup",
            "Properties": {
                **web["Group"]["Properties"],
                "MinSize": when(colour, str(minimum), "0"),
                "TargetGroupARNs": [_ref(colour)],
            },
        }
        for colour in ("Blue", "Green")
    }
    weights = [{"TargetGroupArn": _ref(colour), "Weight": when(colour, 100, 0)} for colour in ("Blue", "Green")]
    listener = {
        "Type": "AWS::ElasticLoadBalancingV2::Listener",
        "Properties": {
            **web["Listener"]["Properties"],
            "DefaultActions": [{"Type": "forward", "ForwardConfig": {"TargetGroups": weights}}],
        },
    }
    balancer = {
        "Type": "AWS::ElasticLoadBalancingV2::LoadBalancer",
        "Properties": {**web["Alb"]["Properties"], "Name": "test-colours"},
    }
    return {
        "Parameters": {"LiveColour": {"Type": "String", "Default": "blue", "AllowedValues": ["blue", "green"]}},
        "Conditions": {
            f"{colour}Live": {"Fn::Equals": [_ref("LiveColour"), colour.lower()]} for colour in ("Blue", "Green")
        },
        "Resources": {
            **{name: network[name] for name in ("Vpc", "SubnetA", "SubnetC")},
            **{name: web[name] for name in ("Blue", "Green", "Template")},
            "Alb": balancer,
            "Listener": listener,
            **pairs,
        },
    }

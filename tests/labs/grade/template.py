"""A deployment in small that earns every point: nobody's stacks, so that the checker is held to capabilities."""

from typing import Any

Template = dict[str, Any]
PREFIX = "team3-lab"
ZONES = {"A": "ap-northeast-2a", "C": "ap-northeast-2c"}
_TAGS = [{"Key": "Stage", "Value": "lab"}]
MACHINE: Template = {
    "InstanceType": "t3.micro",
    "ImageId": "ami-12345678",
    "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 1},
    "BlockDeviceMappings": [
        {"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 8, "VolumeType": "gp3", "Encrypted": True}}
    ],
}
_TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
_CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"


def _ref(name: str) -> dict[str, str]:
    return {"Ref": name}


def _att(name: str, attribute: str) -> dict[str, list[str]]:
    return {"Fn::GetAtt": [name, attribute]}


def _resource(kind: str, **properties: Any) -> Template:
    return {"Type": f"AWS::{kind}", "Properties": properties}


def _both(name: str) -> list[dict[str, str]]:
    return [_ref(f"{name}{zone}") for zone in ZONES]


def _network() -> Template:
    found = {
        "Vpc": _resource("EC2::VPC", CidrBlock="10.0.0.0/16"),
        "Gateway": _resource("EC2::InternetGateway"),
        "Attached": _resource("EC2::VPCGatewayAttachment", VpcId=_ref("Vpc"), InternetGatewayId=_ref("Gateway")),
        "S3": _resource(
            "EC2::VPCEndpoint",
            VpcId=_ref("Vpc"),
            ServiceName="com.amazonaws.ap-northeast-2.s3",
            VpcEndpointType="Gateway",
        ),
        "Flow": _resource(
            "EC2::FlowLog",
            ResourceId=_ref("Vpc"),
            ResourceType="VPC",
            TrafficType="ALL",
            LogDestinationType="s3",
            LogDestination=_att("Logs", "Arn"),
        ),
        "Front": _resource(
            "EC2::SecurityGroup",
            GroupDescription="load balancer",
            VpcId=_ref("Vpc"),
            SecurityGroupIngress=[{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": "0.0.0.0/0"}],
        ),
        "Store": _resource("EC2::SecurityGroup", GroupDescription="database", VpcId=_ref("Vpc")),
    }
    for number, (zone, name) in enumerate(ZONES.items()):
        for tier, base in (("Public", 0), ("Private", 10), ("Data", 20)):
            found[f"{tier}{zone}"] = _resource(
                "EC2::Subnet", VpcId=_ref("Vpc"), CidrBlock=f"10.0.{base + number}.0/24", AvailabilityZone=name
            )
            found[f"{tier}{zone}Table"] = _resource("EC2::RouteTable", VpcId=_ref("Vpc"))
            found[f"{tier}{zone}Link"] = _resource(
                "EC2::SubnetRouteTableAssociation",
                SubnetId=_ref(f"{tier}{zone}"),
                RouteTableId=_ref(f"{tier}{zone}Table"),
            )
        found[f"Address{zone}"] = _resource("EC2::EIP", Domain="vpc")
        found[f"Nat{zone}"] = _resource(
            "EC2::NatGateway", SubnetId=_ref(f"Public{zone}"), AllocationId=_att(f"Address{zone}", "AllocationId")
        )
        everywhere = {"DestinationCidrBlock": "0.0.0.0/0"}
        found[f"Public{zone}Way"] = _resource(
            "EC2::Route", RouteTableId=_ref(f"Public{zone}Table"), GatewayId=_ref("Gateway"), **everywhere
        )
        found[f"Private{zone}Way"] = _resource(
            "EC2::Route", RouteTableId=_ref(f"Private{zone}Table"), NatGatewayId=_ref(f"Nat{zone}"), **everywhere
        )
    return found


def _bucket(name: str) -> Template:
    closed = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
    rule = {
        "Id": "age",
        "Status": "Enabled",
        "Transitions": [{"StorageClass": "STANDARD_IA", "TransitionInDays": 30}],
        "ExpirationInDays": 180,
    }
    tls = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": {"Fn::Sub": f"${{{name}.Arn}}/*"},
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    # As with origin access control: CloudFront reads, whoever's distribution it is in this small account.
    cdn = {
        "Effect": "Allow",
        "Principal": {"Service": "cloudfront.amazonaws.com"},
        "Action": "s3:GetObject",
        "Resource": {"Fn::Sub": f"${{{name}.Arn}}/*"},
    }
    return {
        name: _resource(
            "S3::Bucket",
            BucketEncryption={
                "ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
            },
            LifecycleConfiguration={"Rules": [rule]},
            PublicAccessBlockConfiguration=dict.fromkeys(closed, True),
        ),
        f"{name}Policy": _resource(
            "S3::BucketPolicy", Bucket=_ref(name), PolicyDocument={"Version": "2012-10-17", "Statement": [tls, cdn]}
        ),
    }


def _data() -> Template:
    return {
        **_bucket("Logs"),
        "Role": _resource("IAM::Role", AssumeRolePolicyDocument=_TRUST),
        "Secret": _resource(
            "SecretsManager::Secret",
            GenerateSecretString={"GenerateStringKey": "password", "SecretStringTemplate": '{"username":"owner"}'},
        ),
        "Rotator": _resource(
            "Lambda::Function",
            Runtime="python3.14",
            Handler="index.handle",
            Role=_att("Role", "Arn"),
            Code={"ZipFile": "def handle(event, context):\n    pass\n"},
        ),
        "Rotation": _resource(
            "SecretsManager::RotationSchedule",
            SecretId=_ref("Secret"),
            RotationLambdaARN=_att("Rotator", "Arn"),
            RotationRules={"AutomaticallyAfterDays": 30},
            RotateImmediatelyOnUpdate=False,
        ),
        "DbSubnets": _resource("RDS::DBSubnetGroup", DBSubnetGroupDescription="data", SubnetIds=_both("Data")),
        "DbParameters": _resource(
            "RDS::DBParameterGroup", Family="postgres16", Description="TLS", Parameters={"rds.force_ssl": "1"}
        ),
        "Database": {
            **_resource(
                "RDS::DBInstance",
                Engine="postgres",
                EngineVersion="16.9",
                DBInstanceClass="db.t3.micro",
                AllocatedStorage="20",
                StorageType="gp3",
                MasterUsername="owner",
                MasterUserPassword={"Fn::Sub": "{{resolve:secretsmanager:${Secret}:SecretString:password}}"},
                DBSubnetGroupName=_ref("DbSubnets"),
                DBParameterGroupName=_ref("DbParameters"),
                MultiAZ=True,
                StorageEncrypted=True,
                BackupRetentionPeriod=7,
                PubliclyAccessible=False,
            ),
            "DeletionPolicy": "Delete",
        },
        "CacheSubnets": _resource("ElastiCache::SubnetGroup", Description="data", SubnetIds=_both("Data")),
        "Cache": _resource(
            "ElastiCache::ReplicationGroup",
            ReplicationGroupDescription="two nodes",
            Engine="redis",
            EngineVersion="7.1",
            CacheNodeType="cache.t3.micro",
            NumCacheClusters=2,
            AutomaticFailoverEnabled=True,
            MultiAZEnabled=True,
            SnapshotRetentionLimit=1,
            AtRestEncryptionEnabled=True,
            TransitEncryptionEnabled=True,
            CacheSubnetGroupName=_ref("CacheSubnets"),
            AuthToken={"Fn::Sub": "{{resolve:secretsmanager:${Secret}:SecretString:password}}"},
        ),
        "Vault": _resource("Backup::BackupVault", BackupVaultName="team3"),
        "Plan": _resource(
            "Backup::BackupPlan",
            BackupPlan={
                "BackupPlanName": "team3",
                "BackupPlanRule": [{"RuleName": "daily", "TargetBackupVault": _ref("Vault")}],
            },
        ),
        "Selection": _resource(
            "Backup::BackupSelection",
            BackupPlanId=_ref("Plan"),
            BackupSelection={
                "SelectionName": "tagged",
                "IamRoleArn": _att("Role", "Arn"),
                "ListOfTags": [{"ConditionType": "STRINGEQUALS", "ConditionKey": "Backup", "ConditionValue": "yes"}],
            },
        ),
    }


def _backend(ports: tuple[int, int]) -> Template:
    return {
        "Alb": _resource(
            "ElasticLoadBalancingV2::LoadBalancer",
            Name="team3-lab",
            Type="application",
            Subnets=_both("Public"),
            SecurityGroups=[_ref("Front")],
            LoadBalancerAttributes=[
                {"Key": "access_logs.s3.enabled", "Value": "true"},
                {"Key": "access_logs.s3.bucket", "Value": _ref("Logs")},
            ],
        ),
        "Targets": _resource(
            "ElasticLoadBalancingV2::TargetGroup",
            Port=8080,
            Protocol="HTTP",
            VpcId=_ref("Vpc"),
            TargetType="ip",
            HealthCheckPath="/health",
            HealthCheckIntervalSeconds=5,
            Targets=[{"Id": f"127.0.0.{number}", "Port": port} for number, port in enumerate(ports, start=1)],
        ),
        "Listener": _resource(
            "ElasticLoadBalancingV2::Listener",
            LoadBalancerArn=_ref("Alb"),
            Port=80,
            Protocol="HTTP",
            DefaultActions=[{"Type": "forward", "TargetGroupArn": _ref("Targets")}],
        ),
        "Machine": _resource(
            "EC2::LaunchTemplate",
            LaunchTemplateData=MACHINE,
        ),
        "Group": _resource(
            "AutoScaling::AutoScalingGroup",
            MinSize="2",
            MaxSize="4",
            VPCZoneIdentifier=_both("Private"),
            HealthCheckType="ELB",
            LaunchTemplate={
                "LaunchTemplateId": _ref("Machine"),
                "Version": _att("Machine", "LatestVersionNumber"),
            },
        ),
        "Growing": _resource(
            "AutoScaling::ScalingPolicy",
            AutoScalingGroupName=_ref("Group"),
            PolicyType="TargetTrackingScaling",
            TargetTrackingConfiguration={
                "PredefinedMetricSpecification": {"PredefinedMetricType": "ASGAverageCPUUtilization"},
                "TargetValue": 70,
            },
        ),
    }


def _frontend(web_acl: str) -> Template:
    behaviour = {"ViewerProtocolPolicy": "redirect-to-https", "Compress": True, "CachePolicyId": _CACHING_DISABLED}
    return {
        **_bucket("Site"),
        "Control": _resource(
            "CloudFront::OriginAccessControl",
            OriginAccessControlConfig={
                "Name": "team3",
                "OriginAccessControlOriginType": "s3",
                "SigningBehavior": "always",
                "SigningProtocol": "sigv4",
            },
        ),
        "Cdn": _resource(
            "CloudFront::Distribution",
            DistributionConfig={
                "Enabled": True,
                "HttpVersion": "http2and3",
                "DefaultRootObject": "index.html",
                "WebACLId": web_acl,
                "Logging": {"Bucket": _att("Logs", "RegionalDomainName")},
                "Origins": [
                    {
                        "Id": "site",
                        "DomainName": _att("Site", "RegionalDomainName"),
                        "OriginAccessControlId": _ref("Control"),
                        "S3OriginConfig": {"OriginAccessIdentity": ""},
                    },
                    {
                        "Id": "api",
                        "DomainName": _att("Alb", "DNSName"),
                        "CustomOriginConfig": {"OriginProtocolPolicy": "http-only"},
                    },
                ],
                "DefaultCacheBehavior": {"TargetOriginId": "site", **behaviour},
                "CacheBehaviors": [{"PathPattern": "/api/*", "TargetOriginId": "api", **behaviour}],
            },
        ),
    }


def _platform() -> Template:
    found = {
        "Cluster": _resource(
            "EKS::Cluster",
            Name="team3-lab",
            Version="1.35",
            RoleArn=_att("Role", "Arn"),
            ResourcesVpcConfig={"SubnetIds": _both("Private"), "EndpointPublicAccess": False},
            EncryptionConfig=[{"Resources": ["secrets"], "Provider": {"KeyArn": "arn:aws:kms:x:1:key/k"}}],
            UpgradePolicy={"SupportType": "STANDARD"},
            Logging={
                "ClusterLogging": {
                    "EnabledTypes": [
                        {"Type": kind} for kind in ("api", "audit", "authenticator", "controllerManager", "scheduler")
                    ]
                }
            },
        ),
        # The node group names the class.
        "Node": _resource(
            "EC2::LaunchTemplate",
            LaunchTemplateData={key: value for key, value in MACHINE.items() if key != "InstanceType"},
        ),
        "Nodes": _resource(
            "EKS::Nodegroup",
            ClusterName=_ref("Cluster"),
            NodeRole=_att("Role", "Arn"),
            Subnets=_both("Private"),
            InstanceTypes=["t3.medium"],
            CapacityType="ON_DEMAND",
            LaunchTemplate={"Id": _ref("Node"), "Version": _att("Node", "LatestVersionNumber")},
            ScalingConfig={"MinSize": 2, "MaxSize": 3, "DesiredSize": 2},
        ),
        "Repository": _resource(
            "ECR::Repository",
            RepositoryName="team3-lab/auth",
            ImageScanningConfiguration={"ScanOnPush": True},
            ImageTagMutability="IMMUTABLE",
        ),
    }
    for name in ("coredns", "eks-pod-identity-agent", "kube-proxy", "vpc-cni"):
        found[f"Addon{name.replace('-', '')}"] = _resource("EKS::Addon", ClusterName=_ref("Cluster"), AddonName=name)
    return found


def _alarm(name: str, namespace: str, *, period: int = 60, actions: tuple[Any, ...] = ()) -> Template:
    return _resource(
        "CloudWatch::Alarm",
        AlarmName=f"team3-lab-{name}",
        Namespace=namespace,
        MetricName="Anything",
        Statistic="Sum",
        Period=period,
        EvaluationPeriods=1,
        Threshold=0,
        ComparisonOperator="GreaterThanThreshold",
        AlarmActions=list(actions),
    )


def _topic() -> Template:
    return {
        "Topic": _resource("SNS::Topic"),
        "Person": _resource(
            "SNS::Subscription", TopicArn=_ref("Topic"), Protocol="email", Endpoint="team3@example.com"
        ),
    }


_WATCHED = {
    "instances": "AWS/EC2",
    "balancer": "AWS/ApplicationELB",
    "database": "AWS/RDS",
    "cache": "AWS/ElastiCache",
    "containers": "ContainerInsights",
}


def _monitoring() -> Template:
    found = _topic()
    for name, namespace in _WATCHED.items():
        found[f"Alarm{name}"] = _alarm(name, namespace, actions=(_ref("Topic"),))
    for window, seconds in (("1h", 3600), ("5m", 300), ("6h", 21600), ("30m", 1800)):
        found[f"Alarm{window}"] = _alarm(f"budget-{window}", "AWS/ApplicationELB", period=seconds)
    for rate, (long, short) in {"fast": ("1h", "5m"), "slow": ("6h", "30m")}.items():
        found[f"Page{rate}"] = {
            **_resource(
                "CloudWatch::CompositeAlarm",
                AlarmName=f"team3-lab-{rate}",
                AlarmRule=f'ALARM("team3-lab-budget-{long}") AND ALARM("team3-lab-budget-{short}")',
                AlarmActions=[_ref("Topic")],
            ),
            "DependsOn": [f"Alarm{long}", f"Alarm{short}"],
        }
    spaces = " ".join([*_WATCHED.values(), "AWS/CloudFront"])
    return found | {
        "Dashboard": _resource(
            "CloudWatch::Dashboard", DashboardName="team3-lab", DashboardBody=f'{{"x": "{spaces}"}}'
        ),
        "LogGroup": _resource("Logs::LogGroup", LogGroupName="/team3/lab", RetentionInDays=30),
        "Budget": _resource(
            "Budgets::Budget",
            Budget={
                "BudgetName": "team3-lab",
                "BudgetType": "COST",
                "TimeUnit": "MONTHLY",
                "BudgetLimit": {"Amount": 20, "Unit": "USD"},
            },
            NotificationsWithSubscribers=[
                {
                    "Notification": {
                        "ComparisonOperator": "GREATER_THAN",
                        "NotificationType": "ACTUAL",
                        "Threshold": 80,
                    },
                    "Subscribers": [{"SubscriptionType": "EMAIL", "Address": "team3@example.com"}],
                }
            ],
        ),
    }


def edge() -> Template:
    """What is in us-east-1."""
    visible = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": "team3"}
    rules = [
        {
            "Name": "core",
            "Priority": 0,
            "OverrideAction": {"None": {}},
            "VisibilityConfig": visible,
            "Statement": {"ManagedRuleGroupStatement": {"VendorName": "AWS", "Name": "AWSManagedRulesCommonRuleSet"}},
        },
        {
            "Name": "rate",
            "Priority": 1,
            "Action": {"Block": {}},
            "VisibilityConfig": visible,
            "Statement": {"RateBasedStatement": {"Limit": 1000, "AggregateKeyType": "IP"}},
        },
    ]
    resources = {
        **_topic(),
        "Acl": _resource(
            "WAFv2::WebACL",
            Name="team3",
            Scope="CLOUDFRONT",
            DefaultAction={"Allow": {}},
            VisibilityConfig=visible,
            Rules=rules,
        ),
        "Alarm": _alarm("cdn", "AWS/CloudFront", actions=(_ref("Topic"),)),
    }
    return {"Resources": resources, "Outputs": {"Acl": {"Value": _att("Acl", "Arn")}}}


def shop(*, web_acl: str, ports: tuple[int, int]) -> Template:
    """Network, data, backend, page, cluster."""
    return {"Resources": _network() | _data() | _backend(ports) | _frontend(web_acl) | _platform()}


def watching() -> Template:
    """Alarms, dashboard, logs, budget."""
    return {"Resources": _monitoring()}

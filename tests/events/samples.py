"""Events as AWS sends them, each by the page that shows it, for a stage `cloudmart-lab` and its neighbours.

Owns shapes, with the fields that a rule reads and those around them; no expectation.
"""

from collections.abc import Mapping
from typing import Any, Final

Event = dict[str, Any]

PREFIX: Final = "cloudmart-lab"
CLUSTER: Final = f"{PREFIX}-tiketi"
NODES: Final = "OnDemand-AbCdEf123456"
"""A node group's name, made by CloudFormation."""
ACCOUNT, REGION = "123456789012", "ap-northeast-2"


def event(source: str, kind: str, detail: Mapping[str, Any], *resources: str, region: str = REGION) -> Event:
    """The envelope (EventBridge guide, "Events in Amazon EventBridge")."""
    return {
        "version": "0",
        "id": "12345678-1234-1234-1234-123456789012",
        "detail-type": kind,
        "source": source,
        "account": ACCOUNT,
        "time": "2026-11-21T12:00:00Z",
        "region": region,
        "resources": list(resources),
        "detail": dict(detail),
    }


def call(service: str, name: str, parameters: Mapping[str, Any], *, by: str = "203.0.113.7", **more: Any) -> Event:
    """An API call (CloudTrail guide, "CloudTrail record contents"). `by`: whence; CloudFormation's by host."""
    detail = {
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "AssumedRole",
            "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/Admin/kim",
            "accountId": ACCOUNT,
        },
        "eventTime": "2026-11-21T12:00:00Z",
        "eventSource": f"{service}.amazonaws.com",
        "eventName": name,
        "awsRegion": REGION,
        "sourceIPAddress": by,
        "requestParameters": dict(parameters),
        "responseElements": None,
        "readOnly": False,
        "eventType": "AwsApiCall",
        **more,
    }
    return event(f"aws.{service}", "AWS API Call via CloudTrail", detail)


def scaling(group: str, kind: str, status: str = "Failed", why: str = "") -> Event:
    """Auto Scaling guide, "Amazon EC2 Auto Scaling event reference"."""
    detail = {
        "StatusCode": status,
        "AutoScalingGroupName": group,
        "ActivityId": "87654321-4321-4321-4321-210987654321",
        "Details": {"Availability Zone": "ap-northeast-2a", "Subnet ID": "subnet-0123456789abcdef0"},
        "RequestId": "12345678-1234-1234-1234-123456789012",
        "StatusMessage": why,
        "StartTime": "2026-11-21T12:00:00Z",
        "EndTime": "2026-11-21T12:00:10Z",
        "EC2InstanceId": "i-1234567890abcdef0",
        "Cause": 'At 2026-11-21T11:59:58Z a monitor alarm "TargetTracking" changed the desired capacity from 2 to 3.',
    }
    arn = f"arn:aws:autoscaling:{REGION}:{ACCOUNT}:autoScalingGroup:12345678:autoScalingGroupName/{group}"
    return event("aws.autoscaling", kind, detail, arn)


def instance(state: str) -> Event:
    """EC2 guide, "State change events for your instances"."""
    id = "i-abcd1111"
    detail = {"instance-id": id, "state": state}
    return event(
        "aws.ec2", "EC2 Instance State-change Notification", detail, f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/{id}"
    )


def volume(what: str, result: str, cause: str = "") -> Event:
    """EBS guide, "Amazon EventBridge for Amazon EBS", "EBS volume events"."""
    detail = {"result": result, "cause": cause, "event": what, "request-id": "01234567-0123-0123-0123-0123456789ab"}
    return event("aws.ec2", "EBS Volume Notification", detail, f"arn:aws:ec2:{REGION}:{ACCOUNT}:volume/vol-01234567")


def create_volume(**tags: str) -> Event:
    """EC2 API reference, CreateVolume, as CloudTrail writes it down."""
    specification = {"resourceType": "volume", "tags": [{"key": key, "value": value} for key, value in tags.items()]}
    parameters = {
        "size": "8",
        "zone": "ap-northeast-2a",
        "volumeType": "gp3",
        "encrypted": True,
        "tagSpecificationSet": {"items": [specification]},
    }
    return call("ec2", "CreateVolume", parameters, responseElements={"volumeId": "vol-0a1b2c3d4e5f67890"})


def database(server: str, *categories: str, kind: str = "RDS DB Instance Event", message: str = "") -> Event:
    """RDS guide, "Creating a rule that triggers on an Amazon RDS event", its example of an instance event."""
    detail = {
        "EventCategories": list(categories),
        "SourceType": "CLUSTER" if "Cluster" in kind else "DB_INSTANCE",
        "SourceArn": f"arn:aws:rds:{REGION}:{ACCOUNT}:db:{server}",
        "Date": "2026-11-21T12:00:00.000Z",
        "Message": message or f"A Multi-AZ failover has completed on {server}.",
        "SourceIdentifier": server,
        "EventID": "RDS-EVENT-0049",
    }
    return event("aws.rds", kind, detail, f"arn:aws:rds:{REGION}:{ACCOUNT}:db:{server}")


def addon(cluster: str, kind: str) -> Event:
    """EventBridge reference, "Amazon Elastic Kubernetes Service events"; the detail is not documented."""
    arn = f"arn:aws:eks:{REGION}:{ACCOUNT}:addon/{cluster}/coredns/11111111-2222-3333-4444-555555555555"
    return event("aws.eks", kind, {}, arn)


def image(repository: str, status: str = "COMPLETE", **severities: int) -> Event:
    """ECR guide, "Sample events from Amazon ECR", "Event for a completed image scan"."""
    detail = {
        "scan-status": status,
        "repository-name": repository,
        "finding-severity-counts": severities,
        "image-digest": f"sha256:{'7f' * 32}",
        "image-tags": ["1.2.3"],
    }
    arn = f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/{repository}"
    return event("aws.ecr", "ECR Image Scan", detail, arn)


def deployment(application: str, state: str) -> Event:
    """CodeDeploy guide, "Monitoring deployments with Amazon CloudWatch Events"."""
    detail = {
        "region": REGION,
        "deploymentId": "d-123456789",
        "instanceGroupId": "9fd2fbef-2157-40d8-91e7-6845af69e2d2",
        "deploymentGroup": f"{application}-blue",
        "state": state,
        "application": application,
    }
    arn = f"arn:aws:codedeploy:{REGION}:{ACCOUNT}:application:{application}"
    return event("aws.codedeploy", "CodeDeploy Deployment State-change Notification", detail, arn)


def backup(vault: str, state: str) -> Event:
    """AWS Backup guide, "Monitoring AWS Backup events using Amazon EventBridge", "Backup Job events"."""
    detail = {
        "backupJobId": "710b0398-d48e-f3c3-afca-cfeb2fdaa656",
        "backupVaultArn": f"arn:aws:backup:{REGION}:{ACCOUNT}:backup-vault:{vault}",
        "backupVaultName": vault,
        "bytesTransferred": "0",
        "iamRoleArn": f"arn:aws:iam::{ACCOUNT}:role/backup",
        "resourceArn": f"arn:aws:rds:{REGION}:{ACCOUNT}:db:{PREFIX}-db",
        "resourceType": "RDS",
        "state": state,
        "statusMessage": '"Backup job failed because the instance is not available."',
        "percentDone": 0.0,
    }
    return event("aws.backup", "Backup Job State Change", detail, str(detail["resourceArn"]))


def backup_copy(vault: str, state: str) -> Event:
    """The same page, "Copy Job events"."""
    detail = {
        "copyJobId": "710b0398-d48e-f3c3-afca-cfeb2fdaa656",
        "sourceBackupVaultArn": f"arn:aws:backup:{REGION}:{ACCOUNT}:backup-vault:{vault}",
        "destinationBackupVaultArn": f"arn:aws:backup:ap-northeast-1:{ACCOUNT}:backup-vault:Default",
        "resourceArn": f"arn:aws:rds:{REGION}:{ACCOUNT}:db:{PREFIX}-db",
        "resourceType": "RDS",
        "state": state,
        "statusMessage": "Access denied",
    }
    return event("aws.backup", "Copy Job State Change", detail)


def automation(document: str, status: str) -> Event:
    """Systems Manager guide, "Amazon EventBridge event examples for Systems Manager"."""
    detail = {
        "ExecutionId": "333ba70b-2333-48db-b17e-a5e69c6f4d1c",
        "Definition": document,
        "DefinitionVersion": 1.0,
        "Status": status,
        "StartTime": "Nov 21, 2026 12:00:20 PM",
        "EndTime": "Nov 21, 2026 12:00:26 PM",
        "Time": 5753.0,
        "ExecutedBy": f"arn:aws:iam::{ACCOUNT}:user/kim",
    }
    return event("aws.ssm", "EC2 Automation Execution Status-change Notification", detail)


def drill(stage: str) -> Event:
    """As `assets/restore_drill/outcome.py` puts it."""
    text = "Restore drill succeeded: 12 tables, 48,120 rows, the same (333ba70b)"
    detail = {"stage": stage, "result": "succeeded", "step": "", "execution": "333ba70b", "text": text}
    return event("cloudmart.restore-drill", "Restore drill ended", detail)


def sign_in(name: str = "ConsoleLogin", result: str = "Success", kind: str = "IAMUser") -> Event:
    """CloudTrail guide, "AWS Management Console sign-in events"."""
    detail = {
        "eventVersion": "1.11",
        "userIdentity": {
            "type": kind,
            "principalId": "AIDACKCEVSQ6C2EXAMPLE",
            "arn": f"arn:aws:iam::{ACCOUNT}:{'root' if kind == 'Root' else 'user/kim'}",
            "accountId": ACCOUNT,
        },
        "eventTime": "2026-11-21T12:00:00Z",
        "eventSource": "signin.amazonaws.com",
        "eventName": name,
        "awsRegion": REGION,
        "sourceIPAddress": "203.0.113.7",
        "requestParameters": None,
        "responseElements": {name: result},
        "additionalEventData": {"LoginTo": "https://console.aws.amazon.com/console/home", "MFAUsed": "No"},
        "eventType": "AwsConsoleSignIn",
        **({"errorMessage": "Failed authentication"} if result == "Failure" else {}),
    }
    return event("aws.signin", "AWS Console Sign In via CloudTrail", detail)


def health(service: str, category: str = "issue") -> Event:
    """AWS Health guide, "Amazon EventBridge event schema for AWS Health"."""
    detail = {
        "eventArn": f"arn:aws:health:{REGION}::event/{service}/AWS_{service}_OPERATIONAL_ISSUE/1",
        "service": service,
        "eventTypeCode": f"AWS_{service}_OPERATIONAL_ISSUE",
        "eventTypeCategory": category,
        "eventScopeCode": "PUBLIC",
        "eventRegion": REGION,
        "statusCode": "open",
        "startTime": "Sat, 21 Nov 2026 11:00:00 GMT",
        "eventDescription": [{"language": "en_US", "latestDescription": "Current severity level: Operating normally"}],
        "affectedAccount": ACCOUNT,
        "page": "1",
        "totalPages": "1",
    }
    return event("aws.health", "AWS Health Event", detail)


def insight(group: str) -> Event:
    """X-Ray API reference, Insight, in EventBridge's envelope (EventBridge reference, "AWS X-Ray events")."""
    detail = {
        "GroupName": group,
        "GroupARN": f"arn:aws:xray:{REGION}:{ACCOUNT}:group/{group}/ABCDEF",
        "State": "ACTIVE",
        "Categories": ["FAULT"],
        "Summary": "19% of faults originate in shop.",
    }
    return event("aws.xray", "AWS X-Ray Insight Update", detail)

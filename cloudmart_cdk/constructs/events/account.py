"""Which events of the account people hear of: sign-ins, keys, the trail, AWS Health. Specification section 7.

Owns patterns and wording of what no name tells apart: whose key, whose sign-in it is stands nowhere in the event. So
one stage of an account tells of them, the one that keeps its trail (`monitoring.cloudtrail`), and not twelve.
"""

from collections.abc import Iterator
from typing import Final

from ..alarms import Severity
from .rules import WHO, Event, calls

_HEALTH_SERVICES: Final = (
    "AUTOSCALING",
    "CLOUDFRONT",
    "EBS",
    "EC2",
    "EKS",
    "ELASTICACHE",
    "ELASTICLOADBALANCING",
    "KMS",
    "LAMBDA",
    "NATGATEWAY",
    "RDS",
    "S3",
    "SECRETSMANAGER",
    "VPC",
)


def account_events(*, region: str) -> Iterator[Event]:
    """The account's, whosesoever: for the stage that keeps its trail."""
    console = f"https://{region}.console.aws.amazon.com"
    yield Event(
        id="KeyAtRisk",
        tells="A KMS key of this account was disabled or is about to be deleted, and not by a deploy",
        # A call names a key by its id: whose it is stands nowhere in the event.
        pattern=calls("kms", ["DisableKey", "ScheduleKeyDeletion"]),
        values=WHO | {"key": "$.detail.requestParameters.keyId"},
        line=f"<call> on KMS key <key> by <who>. Without it nothing that it encrypts can be read; a deletion "
        f"that still waits can be cancelled. <refused> {console}/kms/home?region={region}#/kms/keys",
        severity=Severity.WARNING,
    )
    yield Event(
        id="TrailTouched",
        tells="The record of what is done in this account was stopped, changed or deleted",
        pattern=calls("cloudtrail", ["DeleteTrail", "PutEventSelectors", "StopLogging", "UpdateTrail"]),
        values=WHO | {"trail": "$.detail.requestParameters.name"},
        line=f"<call> on trail <trail> by <who>. <refused> {console}/cloudtrailv2/home?region={region}#/trails",
        severity=Severity.WARNING,
    )
    yield Event(
        id="Health",
        tells="AWS reports trouble or plans work on a service that CloudMart runs on",
        pattern={
            "source": ["aws.health"],
            "detail-type": ["AWS Health Event"],
            "detail": {
                "service": list(_HEALTH_SERVICES),
                "eventTypeCategory": ["issue", "scheduledChange"],
            },
        },
        values={
            "service": "$.detail.service",
            "code": "$.detail.eventTypeCode",
            "where": "$.detail.eventRegion",
            "from": "$.detail.startTime",
            "status": "$.detail.statusCode",
        },
        line="AWS Health, <service> in <where>: <code> (<status>) from <from>. https://health.aws.amazon.com/health/home",
        severity=Severity.WARNING,
    )


def sign_in_events() -> Iterator[Event]:
    """Sign-ins to the console, in the region whose rules these become.

    The record is made in the region of the sign-in endpoint: us-east-1 for root and for consoles without regions, else
    the one that the person comes from (IAM guide, "Logging IAM and AWS STS API calls", "Logging user sign-in
    events"). So they stand in the stage's region and in us-east-1; who asks for a third one is in the trail only.
    """
    # The reference of EventBridge spells the second, its samples and CloudTrail's the first.
    types = ["AWS Console Sign In via CloudTrail", "AWS Console Signin via CloudTrail"]
    source = {"source": ["aws.signin"], "detail-type": types}
    values = {
        "what": "$.detail.eventName",
        "kind": "$.detail.userIdentity.type",
        "who": "$.detail.userIdentity.arn",
        "address": "$.detail.sourceIPAddress",
        "mfa": "$.detail.additionalEventData.MFAUsed",
        "why": "$.detail.errorMessage",
        "where": "$.detail.awsRegion",
    }
    yield Event(
        id="SignIn",
        tells="Somebody signed in to the console",
        pattern=source
        | {
            "detail": {
                "eventName": ["ConsoleLogin"],
                "responseElements": {"ConsoleLogin": ["Success"]},
                "userIdentity": {"type": [{"anything-but": "Root"}]},
            }
        },
        values=values,
        line="<who> signed in to the console from <address> (<where>), MFA: <mfa>.",
    )
    yield Event(
        id="SignInTroubled",
        tells="Root signed in to the console, or a sign-in or its second factor failed",
        pattern=source
        | {
            "detail": {
                "$or": [
                    {"userIdentity": {"type": ["Root"]}},
                    {"responseElements": {"ConsoleLogin": ["Failure"]}},
                    {"responseElements": {"CheckMfa": ["Failure"]}},
                ]
            }
        },
        values=values,
        line="<what> to the console by <kind> <who> from <address> (<where>), MFA: <mfa> <why>. Not you? "
        "https://console.aws.amazon.com/iam/home#/security_credentials",
        severity=Severity.WARNING,
    )

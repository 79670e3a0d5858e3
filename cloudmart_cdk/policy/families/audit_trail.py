"""TRAIL: CloudTrail, whole and readable to auditors only. Specification sections 1 and 7.

Owns the trail's properties and that a stage has one where its settings say so. Its bucket and key are S3's and KMS's.
"""

from collections.abc import Iterator
from typing import Final

from ...settings.topology import MONITORING
from ..lookups import always
from ..model import Deployment, Resource
from ..rule import ABSENT, KEY, YES, Found, Row, Rule, reference, rule_of

_KEY: Final = "encrypt with the stage's own key: pass it as the construct's encryption key"

ROWS: Final = (
    Row(
        "TRAIL-1",
        "AWS::CloudTrail::Trail",
        "KMSKeyId",
        KEY,
        "CIS AWS Foundations 3.5; Security Hub CloudTrail.2.",
        _KEY,
    ),
    Row(
        "TRAIL-2",
        "AWS::CloudTrail::Trail",
        "EnableLogFileValidation",
        YES,
        "CIS AWS Foundations 3.2; Security Hub CloudTrail.4: who alters the log is seen.",
    ),
    Row(
        "TRAIL-3",
        "AWS::CloudTrail::Trail",
        "IsMultiRegionTrail",
        YES,
        "CIS AWS Foundations 3.1; specification section 7: an intruder chooses a region nobody looks at.",
    ),
    Row(
        "TRAIL-4",
        "AWS::CloudTrail::Trail",
        "IsLogging",
        YES,
        "Security Hub CloudTrail.3: a trail that is off logs nothing.",
    ),
    Row(
        "TRAIL-5",
        "AWS::CloudTrail::Trail",
        "IncludeGlobalServiceEvents",
        YES,
        "IAM and STS are global services (CloudTrail guide, global service events).",
    ),
    Row(
        "TRAIL-6",
        "AWS::CloudTrail::Trail",
        "EventSelectors",
        ABSENT,
        "Without selectors every management event is logged, reads and writes (CIS AWS Foundations 3.1).",
    ),
    Row(
        "TRAIL-9",
        "AWS::CloudTrail::Trail",
        "AdvancedEventSelectors",
        ABSENT,
        "They replace the plain ones: what they do not name is not logged (CIS AWS Foundations 3.1).",
    ),
    Row(
        "TRAIL-7",
        "AWS::CloudTrail::Trail",
        "S3BucketName",
        reference("AWS::S3::Bucket"),
        "A bucket of this app is checked too (Security Hub CloudTrail.6).",
    ),
)

TYPES: Final = frozenset(row.type for row in ROWS)
"""What these rules know."""


def _trail(app: Deployment) -> Iterator[Found]:
    trails = [trail for trail in app.of("AWS::CloudTrail::Trail") if always(app, trail)]
    if app.settings.monitoring.cloudtrail and MONITORING in app.stacks and not trails:
        place = Resource(MONITORING, "", "AWS::CloudFormation::Template", {}, MONITORING, app.settings.region)
        yield Found(place, "without a trail", f"one in stage {app.settings.stage}")


RULES: Final = (
    *map(rule_of, ROWS),
    Rule(
        "TRAIL-8",
        "A stage whose settings say so has a trail",
        "Specification sections 1 and 7: one for the account, in prod; CIS AWS Foundations 3.1.",
        "AuditTrail in MonitoringStack, as settings.monitoring.cloudtrail says",
        _trail,
    ),
)

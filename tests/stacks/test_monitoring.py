"""MonitoringStack and EdgeWatchStack as synthesized. Specification section 7."""

import json
import re
from typing import Any

import pytest

from cloudmart_cdk.constructs.alarms import Severity
from tests.conftest import Synthesize
from tests.support import Synthesized

STAGES = ("lab", "dev", "staging", "prod")
MONITORING, EDGE_WATCH = "MonitoringStack", "EdgeWatchStack"
ONLY_MONITORING = {
    "skip": "VpcStack,DataStack,BackendAsgStack,FrontendCdnStack,EksPlatformStack,EdgeWatchStack",
}


def alarms(app: Synthesized, stack: str = MONITORING) -> dict[str, dict[str, Any]]:
    """Alarm's id (its name without `<name>-<stage>-`) -> properties."""
    prefix = app.settings.names.of("")
    made = app.resources(stack, "AWS::CloudWatch::Alarm").values()
    return {properties["AlarmName"].removeprefix(prefix): properties for properties in (m["Properties"] for m in made)}


def composites(app: Synthesized) -> dict[str, dict[str, Any]]:
    made = app.resources(MONITORING, "AWS::CloudWatch::CompositeAlarm").values()
    return {resource["Properties"]["AlarmName"]: resource for resource in made}


def counted(composite: dict[str, Any]) -> set[str]:
    """Names of the alarms in a composite's rule."""
    return set(re.findall(r'ALARM\("([^"]+)"\)', composite["Properties"]["AlarmRule"]))


def topics(app: Synthesized, stack: str = MONITORING) -> dict[str, str]:
    """Severity -> logical id of its topic."""
    made = app.resources(stack, "AWS::SNS::Topic")
    return {topic["Properties"]["DisplayName"].rpartition(" ")[2]: id for id, topic in made.items()}


def dashboards(app: Synthesized) -> dict[str, Any]:
    """Their id (name without `<name>-<stage>-`) -> body."""
    prefix = app.settings.names.of("")
    found = {}
    for resource in app.resources(MONITORING, "AWS::CloudWatch::Dashboard").values():
        body = resource["Properties"]["DashboardBody"]
        if isinstance(body, dict):
            body = "".join(part if isinstance(part, str) else "TOKEN" for part in body["Fn::Join"][1])
        found[resource["Properties"]["DashboardName"].removeprefix(prefix)] = json.loads(body)
    return found


# id -> (threshold, seconds), where stages differ
FIGURES = {
    "lab": {"database-connections": (64, 300), "database-storage": (2 * 1024**3, 300)},
    "prod": {"database-connections": (80, 300), "database-storage": (10 * 1024**3, 300), "cache4-memory": (85, 300)},
}
COMMON = {
    "shop-blue-cpu": (80, 300),
    "shop-green-memory": (85, 300),
    "shop-blue-unhealthy": (0, 60),
    "shop-below-minimum": (0, 60),
    "database-cpu": (80, 300),
    "cache1-cpu": (80, 300),
    "cache1-memory": (85, 300),
    "rotation-errors": (0, 300),
    "nodes-cpu": (80, 300),
    "nodes-memory": (85, 300),
    "tiketi-auth-unhealthy": (0, 60),
    "tiketi-notification-unhealthy": (0, 60),
}


@pytest.mark.parametrize("stage", FIGURES)
def test_alarms_carry_the_figures(synthesized: Synthesize, stage: str) -> None:
    made = alarms(synthesized(stage))
    for alarm, (threshold, period) in (COMMON | FIGURES[stage]).items():
        properties = made[alarm]
        periods = {properties.get("Period")} | {
            query["MetricStat"]["Period"] for query in properties.get("Metrics", ()) if "MetricStat" in query
        }
        assert properties["Threshold"] == threshold, alarm
        assert periods - {None} == {period}, alarm


@pytest.mark.parametrize("stage", STAGES)
def test_a_rotation_that_fails_is_told(synthesized: Synthesize, stage: str) -> None:
    app = synthesized(stage)
    properties = alarms(app)["rotation-errors"]
    (function,) = (id for id in app.resources("DataStack", "AWS::Lambda::Function") if id.startswith("Rotation"))
    (dimension,) = properties["Dimensions"]
    assert dimension["Name"] == "FunctionName"
    assert function in json.dumps(dimension["Value"])
    assert (properties["Namespace"], properties["MetricName"], properties["Statistic"]) == (
        "AWS/Lambda",
        "Errors",
        "Sum",
    )
    assert properties["TreatMissingData"] == "notBreaching"


@pytest.mark.parametrize("stage", STAGES)
def test_alarms_that_steer_a_rollout_are_where_the_rollout_is(synthesized: Synthesize, stage: str) -> None:
    app = synthesized(stage)
    for stack, title in (("BackendAsgStack", "shop"), ("EksPlatformStack", "tiketi")):
        made = alarms(app, stack)
        assert made[f"{title}-error-rate"]["Threshold"] == 5
        assert made[f"{title}-latency"]["Threshold"] == 0.2
        assert "AlarmActions" not in made[f"{title}-latency"]


@pytest.mark.parametrize("stage", STAGES)
def test_every_alarm_says_what_broke_and_links_its_page(synthesized: Synthesize, stage: str) -> None:
    app = synthesized(stage)
    described = [*alarms(app).values(), *(composite["Properties"] for composite in composites(app).values())]
    if app.settings.has(EDGE_WATCH):
        described += alarms(app, EDGE_WATCH).values()
    for properties in described:
        assert re.fullmatch(r".+\. Runbook: docs/runbook/[a-z-]+\.md", properties["AlarmDescription"]), properties


def test_the_address_of_the_runbook_is_a_setting(synthesized: Synthesize) -> None:
    app = synthesized("lab", **ONLY_MONITORING | {"monitoring.runbook_url": "https://wiki.example.com/run"})
    assert "https://wiki.example.com/run" in dashboards(app)["overview"]["widgets"][0]["properties"]["markdown"]


@pytest.mark.parametrize("stage", STAGES)
def test_metric_alarms_tell_warning_and_composites_page(synthesized: Synthesize, stage: str) -> None:
    app = synthesized(stage)
    topic = topics(app)
    assert topic.keys() == {severity.value for severity in Severity}
    spoken_for = {
        child.removeprefix(app.settings.names.of(""))
        for name, composite in composites(app).items()
        if "-budget-" in name
        for child in counted(composite)
    }
    for id, properties in alarms(app).items():
        told = [] if id in spoken_for else [{"Ref": topic["warning"]}]
        assert properties.get("AlarmActions", []) == properties.get("OKActions", []) == told, id
    for name, composite in composites(app).items():
        severity = "warning" if "-budget-" in name else "critical"
        assert composite["Properties"]["AlarmActions"] == [{"Ref": topic[severity]}], name


@pytest.mark.parametrize("stage", STAGES)
def test_composites_count_alarms_that_exist_before_them(synthesized: Synthesize, stage: str) -> None:
    """CloudWatch refuses a rule that names an alarm it does not know."""
    app = synthesized(stage)
    prefix = app.settings.names.prefix
    own = {
        resource["Properties"]["AlarmName"]: id
        for type_ in ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")
        for id, resource in app.resources(MONITORING, type_).items()
    }
    elsewhere = {
        resource["Properties"]["AlarmName"]
        for stack in app.dependencies[MONITORING]
        for resource in app.resources(stack, "AWS::CloudWatch::Alarm").values()
    }
    pages = {f"{prefix}-page-{area}" for area in ("shop", "tiketi", "data", "notifications")}
    budgets = {f"{prefix}-{title}-budget-{pair}" for title in ("shop", "tiketi") for pair in ("fast", "slow")}
    assert composites(app).keys() == pages | (budgets if app.settings.monitoring.burn_rate_alarms else set())
    for name, composite in composites(app).items():
        children = counted(composite)
        assert children, name
        assert children <= own.keys() | elsewhere, name
        assert {own[alarm] for alarm in children & own.keys()} <= set(composite.get("DependsOn", ())), name


@pytest.mark.parametrize(
    ("skipped", "gone"),
    [("EksPlatformStack", ("tiketi", "nodes")), ("BackendAsgStack,FrontendCdnStack", ("shop",))],
)
def test_only_what_is_enabled_is_watched(synthesized: Synthesize, skipped: str, gone: tuple[str, ...]) -> None:
    app = synthesized("lab", skip=skipped)
    assert not [alarm for alarm in alarms(app) if alarm.startswith(gone)]
    assert not [name for name in composites(app) if name.endswith(gone)]
    assert not any(word in json.dumps(dashboards(app)) for word in gone)
    assert "database-cpu" in alarms(app)


def test_alone_it_has_topics_and_budget(synthesized: Synthesize) -> None:
    app = synthesized("lab", **ONLY_MONITORING)
    assert list(app.templates) == [MONITORING]
    assert {alarm.partition("-")[0] for alarm in alarms(app)} == {"notifier"}, "its own alone"
    assert len(app.resources(MONITORING, "AWS::SNS::Topic")) == 3
    assert app.findings == []


@pytest.mark.parametrize(("stage", "stack"), [("lab", MONITORING), ("prod", MONITORING), ("prod", EDGE_WATCH)])
def test_topics_are_encrypted_by_a_key_that_lets_the_services_publish(
    synthesized: Synthesize, stage: str, stack: str
) -> None:
    app = synthesized(stage)
    (key_id,) = (id for id in app.resources(stack, "AWS::KMS::Key") if id.startswith("Topics"))
    key = app.resources(stack, "AWS::KMS::Key")[key_id]
    statements = {
        statement["Principal"]["Service"]: statement
        for statement in key["Properties"]["KeyPolicy"]["Statement"]
        if "Service" in statement["Principal"]
    }
    services = {"cloudwatch.amazonaws.com", "sns.amazonaws.com"}
    if stack == MONITORING:
        services |= {"budgets.amazonaws.com", "events.amazonaws.com"}
    elif app.settings.monitoring.cloudtrail:
        services |= {"events.amazonaws.com"}  # root signs in in us-east-1
    assert statements.keys() == services
    for service, statement in statements.items():
        assert statement["Action"] == ["kms:Decrypt", "kms:GenerateDataKey*"]
        # KMS sees no source account in EventBridge's calls: a condition would silence its rules.
        account = json.dumps(statement.get("Condition", {})).count('{"Ref": "AWS::AccountId"}')
        assert bool(account) is not service.startswith("events"), service
    assert key["Properties"]["EnableKeyRotation"] is True
    assert key["DeletionPolicy"] == ("Retain" if app.settings.keeps_data else "Delete")
    for topic in app.resources(stack, "AWS::SNS::Topic").values():
        assert topic["Properties"]["KmsMasterKeyId"] == {"Fn::GetAtt": [key_id, "Arn"]}


def test_topics_take_messages_over_tls_from_their_publishers_only(synthesized: Synthesize) -> None:
    app = synthesized("lab")
    topic = topics(app)
    allowed = {}
    for policy in app.resources(MONITORING, "AWS::SNS::TopicPolicy").values():
        statements = policy["Properties"]["PolicyDocument"]["Statement"]
        refused = [s for s in statements if s["Effect"] == "Deny"]
        assert [s["Condition"] for s in refused] == [{"Bool": {"aws:SecureTransport": "false"}}]
        services = {s["Principal"]["Service"].partition(".")[0] for s in statements if s["Effect"] == "Allow"}
        allowed[policy["Properties"]["Topics"][0]["Ref"]] = services
    assert allowed == {
        topic["critical"]: {"cloudwatch"},
        topic["warning"]: {"cloudwatch", "budgets", "events"},
        topic["info"]: {"budgets", "events"},
    }


def test_email_is_subscribed_to_every_topic(synthesized: Synthesize) -> None:
    app = synthesized("lab", **ONLY_MONITORING | {"monitoring.email": "ops@example.com"})
    assert _subscribed(app, "email") == {(topic, "ops@example.com") for topic in topics(app).values()}
    assert not _subscribed(synthesized("lab", **ONLY_MONITORING), "email")


@pytest.mark.parametrize(("stage", "stack"), [("lab", MONITORING), ("prod", MONITORING), ("prod", EDGE_WATCH)])
def test_every_topic_goes_to_the_queue_for_slack_and_pagerduty(synthesized: Synthesize, stage: str, stack: str) -> None:
    app = synthesized(stage)
    (queue,) = {endpoint for _, endpoint in _subscribed(app, "sqs", stack)}
    assert app.templates[stack]["Resources"][queue]["Properties"]["QueueName"] == f"cloudmart-{stage}-notifications"
    assert {topic for topic, _ in _subscribed(app, "sqs", stack)} == set(app.resources(stack, "AWS::SNS::Topic"))


def _subscribed(app: Synthesized, protocol: str, stack: str = MONITORING) -> set[tuple[str, str]]:
    """Topic, and who hears of it: an address, or the logical id of a queue."""
    made = [each["Properties"] for each in app.resources(stack, "AWS::SNS::Subscription").values()]
    return {
        (each["TopicArn"]["Ref"], each["Endpoint"] if protocol == "email" else each["Endpoint"]["Fn::GetAtt"][0])
        for each in made
        if each["Protocol"] == protocol
    }


@pytest.mark.parametrize(("stage", "usd"), [("lab", 20), ("dev", 300), ("staging", 975), ("prod", 1030)])
def test_budget(synthesized: Synthesize, stage: str, usd: int) -> None:
    app = synthesized(stage)
    topic = topics(app)
    (resource,) = app.resources(MONITORING, "AWS::Budgets::Budget").values()
    budget = resource["Properties"]["Budget"]
    assert budget["BudgetLimit"] == {"Amount": usd, "Unit": "USD"}
    assert (budget["BudgetType"], budget["TimeUnit"]) == ("COST", "MONTHLY")
    tagged = [
        {"Tags": {"Key": key, "Values": [value], "MatchOptions": ["EQUALS"]}}
        for key, value in (("Project", "CloudMart"), ("Stage", stage))
    ]
    assert budget.get("FilterExpression") == (None if stage == "lab" else {"And": tagged})
    told = {
        (entry["Notification"]["NotificationType"], entry["Notification"]["Threshold"]): entry["Subscribers"]
        for entry in resource["Properties"]["NotificationsWithSubscribers"]
    }
    assert told == {
        ("ACTUAL", 80): [{"SubscriptionType": "SNS", "Address": {"Ref": topic["info"]}}],
        ("FORECASTED", 100): [{"SubscriptionType": "SNS", "Address": {"Ref": topic["info"]}}],
        ("ACTUAL", 100): [{"SubscriptionType": "SNS", "Address": {"Ref": topic["warning"]}}],
    }


def test_cost_anomalies_of_a_monitor_given_by_arn(synthesized: Synthesize) -> None:
    monitor = "arn:aws:ce::123456789012:anomalymonitor/11111111-2222-3333-4444-555555555555"
    app = synthesized("lab", **ONLY_MONITORING | {"monitoring.cost_anomaly_monitor_arn": monitor})
    (resource,) = app.resources(MONITORING, "AWS::CE::AnomalySubscription").values()
    assert resource["Properties"]["MonitorArnList"] == [monitor]
    assert resource["Properties"]["Subscribers"] == [{"Type": "SNS", "Address": {"Ref": topics(app)["info"]}}]
    assert "costalerts.amazonaws.com" in json.dumps(app.resources(MONITORING, "AWS::KMS::Key"))
    assert not synthesized("lab", **ONLY_MONITORING).resources(MONITORING, "AWS::CE::AnomalySubscription")


@pytest.mark.parametrize("stage", STAGES)
def test_cloudtrail_is_on_in_prod_only(synthesized: Synthesize, stage: str) -> None:
    app = synthesized(stage)
    assert len(app.resources(MONITORING, "AWS::CloudTrail::Trail")) == (1 if stage == "prod" else 0)


def test_cloudtrail(synthesized: Synthesize) -> None:
    app = synthesized("prod")
    (trail,) = app.resources(MONITORING, "AWS::CloudTrail::Trail").values()
    (bucket_id,) = app.resources(MONITORING, "AWS::S3::Bucket")
    properties = trail["Properties"]
    for switch in ("IsLogging", "IsMultiRegionTrail", "IncludeGlobalServiceEvents", "EnableLogFileValidation"):
        assert properties[switch] is True, switch
    assert properties["S3BucketName"] == {"Ref": bucket_id}
    key_id = properties["KMSKeyId"]["Fn::GetAtt"][0]
    for kept in (
        app.resources(MONITORING, "AWS::KMS::Key")[key_id],
        app.resources(MONITORING, "AWS::S3::Bucket")[bucket_id],
    ):
        assert kept["DeletionPolicy"] == "Retain"
    (policy_id,) = app.resources(MONITORING, "AWS::S3::BucketPolicy")
    assert policy_id in trail["DependsOn"], "CloudTrail checks the bucket's policy when it starts"
    writers = [
        statement
        for statement in app.resources(MONITORING, "AWS::S3::BucketPolicy")[policy_id]["Properties"]["PolicyDocument"][
            "Statement"
        ]
        if statement["Principal"] == {"Service": "cloudtrail.amazonaws.com"}
    ]
    assert {statement["Action"] for statement in writers} == {"s3:GetBucketAcl", "s3:PutObject"}
    for statement in writers:
        assert "trail/cloudmart-prod-audit" in json.dumps(statement["Condition"]["StringEquals"]["aws:SourceArn"])


def test_cloudtrail_of_a_stage_thrown_away_goes_with_it(synthesized: Synthesize) -> None:
    app = synthesized("lab", **ONLY_MONITORING | {"monitoring.cloudtrail": "true"})
    (bucket,) = app.resources(MONITORING, "AWS::S3::Bucket").values()
    (trail,) = app.resources(MONITORING, "AWS::CloudTrail::Trail").values()
    (emptier,) = app.resources(MONITORING, "Custom::S3AutoDeleteObjects")
    assert bucket["DeletionPolicy"] == "Delete"
    assert emptier in trail["DependsOn"], "the trail goes before its bucket is emptied"
    assert app.findings == []


@pytest.mark.parametrize("stage", ["dev", "staging", "prod"])
def test_cdn_alarm_and_its_topic_are_in_us_east_1(synthesized: Synthesize, stage: str) -> None:
    app = synthesized(stage)
    assert app.stacks[EDGE_WATCH]["environment"].endswith("/us-east-1")
    alarm = alarms(app, EDGE_WATCH)["cdn-error-rate"]
    assert (alarm["Threshold"], alarm["DatapointsToAlarm"], alarm["EvaluationPeriods"]) == (5, 2, 3)
    stats = [query["MetricStat"] for query in alarm["Metrics"] if "MetricStat" in query]
    assert {stat["Period"] for stat in stats} == {60}
    assert {stat["Metric"]["MetricName"] for stat in stats} == {"5xxErrorRate", "Requests"}
    for stat in stats:
        assert {"Name": "Region", "Value": "Global"} in stat["Metric"]["Dimensions"]
    assert alarm["AlarmActions"] == [{"Ref": topics(app, EDGE_WATCH)["critical"]}]


def test_lab_has_no_edge_watch(synthesized: Synthesize) -> None:
    assert EDGE_WATCH not in synthesized("lab").templates

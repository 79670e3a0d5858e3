"""Resource types without any API behind them in MiniStack: accepted, written down, nothing else.

Owns the one list of what a local deploy cannot prove, and the file in which the supervisor finds
what a deploy recorded; `deploy` and `status` print it as "only recorded, not proven". A type that is in no
list fails the stack: nothing is accepted in silence.
"""

import json
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from ministack.core.responses import get_account_id, get_region

from localcloud.server.resource import Properties, Request, Resource, ResourceType

FILE_VARIABLE: Final = "LOCALCLOUD_RECORDS"
"""Environment variable with the path of the file."""


@dataclass(frozen=True, kw_only=True)
class RecordOnly:
    """How `Ref` and `Fn::GetAtt` of a type answer.

    `ref` is a format with {id}, {region}, {account}; {id} is the property `name_from`, or a made name.
    """

    name_from: str = ""
    ref: str = "{id}"
    attributes: Mapping[str, str] = field(default_factory=dict)


def _arn(service: str, path: str) -> str:
    return f"arn:aws:{service}:{{region}}:{{account}}:{path}/{{id}}"


_SLO, _XRAY = _arn("application-signals", "slo"), _arn("xray", "group/default")
_ANOMALY = "arn:aws:ce::{account}:anomalysubscription/{id}"

# Not support for these types, but the admission that there is none: each resource of one is written down and
# reported. Also types that the app has not used yet: with them a stack that grows deploys, and says what of it is
# paper. A type that gets a handler in `types`, or in MiniStack, leaves this list (`resource.register` refuses both).
TYPES: Final[dict[str, RecordOnly]] = {
    "AWS::ApplicationAutoScaling::ScalableTarget": RecordOnly(attributes={"Id": "{id}"}),
    "AWS::ApplicationAutoScaling::ScalingPolicy": RecordOnly(
        ref=_arn("autoscaling", "scalingPolicy"), attributes={"Arn": _arn("autoscaling", "scalingPolicy")}
    ),
    "AWS::ApplicationSignals::Discovery": RecordOnly(attributes={"AccountId": "{account}"}),
    "AWS::ApplicationSignals::ServiceLevelObjective": RecordOnly(name_from="Name", ref=_SLO, attributes={"Arn": _SLO}),
    "AWS::APS::Workspace": RecordOnly(
        attributes={
            "Arn": _arn("aps", "workspace"),
            "WorkspaceId": "{id}",
            "PrometheusEndpoint": "https://aps-workspaces.{region}.amazonaws.com/workspaces/{id}/",
        }
    ),
    "AWS::CE::AnomalyMonitor": RecordOnly(
        ref="arn:aws:ce::{account}:anomalymonitor/{id}",
        attributes={"MonitorArn": "arn:aws:ce::{account}:anomalymonitor/{id}"},
    ),
    "AWS::CE::AnomalySubscription": RecordOnly(ref=_ANOMALY, attributes={"SubscriptionArn": _ANOMALY}),
    "AWS::CloudFront::MonitoringSubscription": RecordOnly(name_from="DistributionId"),
    "AWS::CloudWatch::AnomalyDetector": RecordOnly(attributes={"Id": "{id}"}),
    "AWS::CloudWatch::InsightRule": RecordOnly(
        name_from="RuleName", attributes={"Arn": _arn("cloudwatch", "insight-rule"), "RuleName": "{id}"}
    ),
    "AWS::CodeDeploy::DeploymentConfig": RecordOnly(name_from="DeploymentConfigName"),
    "AWS::Grafana::Workspace": RecordOnly(
        attributes={"Id": "{id}", "Endpoint": "{id}.grafana-workspace.{region}.amazonaws.com"}
    ),
    "AWS::Logs::Delivery": RecordOnly(
        attributes={"DeliveryId": "{id}", "Arn": "arn:aws:logs:{region}:{account}:delivery:{id}"}
    ),
    "AWS::Logs::DeliveryDestination": RecordOnly(
        name_from="Name", attributes={"Arn": "arn:aws:logs:{region}:{account}:delivery-destination:{id}"}
    ),
    "AWS::Logs::DeliverySource": RecordOnly(
        name_from="Name", attributes={"Arn": "arn:aws:logs:{region}:{account}:delivery-source:{id}"}
    ),
    "AWS::Logs::QueryDefinition": RecordOnly(attributes={"QueryDefinitionId": "{id}"}),
    "AWS::Logs::AccountPolicy": RecordOnly(name_from="PolicyName", attributes={"AccountId": "{account}"}),
    "AWS::RDS::EventSubscription": RecordOnly(name_from="SubscriptionName"),
    "AWS::RDS::OptionGroup": RecordOnly(name_from="OptionGroupName"),
    "AWS::SSM::Association": RecordOnly(attributes={"AssociationId": "{id}"}),
    "AWS::SSM::Document": RecordOnly(name_from="Name"),
    "AWS::SSM::MaintenanceWindow": RecordOnly(attributes={"WindowId": "{id}"}),
    "AWS::SSM::MaintenanceWindowTarget": RecordOnly(attributes={"WindowTargetId": "{id}"}),
    "AWS::SSM::MaintenanceWindowTask": RecordOnly(attributes={"WindowTaskId": "{id}"}),
    "AWS::SSM::PatchBaseline": RecordOnly(attributes={"Id": "{id}"}),
    "AWS::SSM::ResourceDataSync": RecordOnly(name_from="SyncName"),
    "AWS::Synthetics::Canary": RecordOnly(name_from="Name", attributes={"Id": "{id}", "State": "RUNNING"}),
    "AWS::WAFv2::LoggingConfiguration": RecordOnly(name_from="ResourceArn"),
    "AWS::XRay::Group": RecordOnly(name_from="GroupName", ref=_XRAY, attributes={"GroupARN": _XRAY}),
    "AWS::XRay::ResourcePolicy": RecordOnly(name_from="PolicyName"),
    "AWS::XRay::SamplingRule": RecordOnly(attributes={"RuleARN": _arn("xray", "sampling-rule")}),
    "AWS::XRay::TransactionSearchConfig": RecordOnly(attributes={"AccountId": "{account}"}),
}

_lock = threading.Lock()
_resources: dict[str, dict[str, str]] = {}
_ignored: dict[str, set[str]] = {}


def _write() -> None:
    """The file, whole, whenever something changed; a rename, so that a reader never sees half of it."""
    place = os.environ.get(FILE_VARIABLE)
    if not place:
        return
    path = Path(place)
    content = {
        "resources": sorted(_resources.values(), key=lambda entry: (entry["stack"], entry["id"])),
        "ignored_properties": {name: sorted(keys) for name, keys in sorted(_ignored.items()) if keys},
    }
    draft = path.with_suffix(".draft")
    draft.write_text(json.dumps(content, indent=1))
    draft.replace(path)


def note_ignored(type_name: str, properties: set[str]) -> None:
    """Remembers properties that a handler never looked at."""
    with _lock:
        known = _ignored.setdefault(type_name, set())
        if not properties <= known:
            known |= properties
            _write()


def _resource_type(type_name: str, record: RecordOnly) -> ResourceType:
    def create(request: Request) -> Resource:
        name = request.name(record.name_from, longest=128)
        values = {"id": name, "region": get_region(), "account": get_account_id()}
        identifier = record.ref.format(**values)
        with _lock:
            _resources[f"{get_region()} {type_name} {identifier}"] = {
                "type": type_name,
                "stack": request.stack_name,
                "id": request.logical_id,
            }
            _write()
        attributes: dict[str, Any] = {key: value.format(**values) for key, value in record.attributes.items()}
        return Resource(identifier, attributes)

    def delete(physical_id: str, _: Properties) -> None:
        with _lock:
            _resources.pop(f"{get_region()} {type_name} {physical_id}", None)
            _write()

    return ResourceType(create=create, delete=delete)


def types() -> dict[str, ResourceType]:
    """The handlers of all record-only types."""
    return {name: _resource_type(name, record) for name, record in TYPES.items()}

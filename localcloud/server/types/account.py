"""What watches the account as a whole: AWS::CloudTrail::Trail and AWS::Budgets::Budget."""

import copy

from ministack.core.responses import get_account_id

from localcloud.server.api import call
from localcloud.server.resource import Properties, Request, Resource, ResourceType, flag, tag_list

_TRAIL_FLAGS = ("IncludeGlobalServiceEvents", "IsMultiRegionTrail", "EnableLogFileValidation")


def _create_trail(request: Request) -> Resource:
    properties = request.properties
    name = request.name("TrailName", longest=128)
    parameters = request.only(
        "S3BucketName", "S3KeyPrefix", "SnsTopicName", "CloudWatchLogsLogGroupArn", "CloudWatchLogsRoleArn"
    )
    parameters |= {key: flag(properties[key]) for key in _TRAIL_FLAGS if key in properties}
    if properties.get("KMSKeyId"):
        parameters["KmsKeyId"] = properties["KMSKeyId"]
    made = call("cloudtrail", "create_trail", Name=name, TagsList=tag_list(properties), **parameters)
    if flag(properties.get("IsLogging", True)):
        call("cloudtrail", "start_logging", Name=name)
    return Resource(name, {"Arn": made["TrailARN"]})


def _delete_trail(physical_id: str, _: Properties) -> None:
    call("cloudtrail", "delete_trail", Name=physical_id)


def _create_budget(request: Request) -> Resource:
    budget = copy.deepcopy(request.properties["Budget"])
    if "BudgetName" not in budget:
        budget["BudgetName"] = request.name("BudgetName", longest=100)
    if "BudgetLimit" in budget:
        # A number in a template, a decimal string in the API.
        budget["BudgetLimit"]["Amount"] = str(budget["BudgetLimit"]["Amount"])
    notifications = copy.deepcopy(request.properties.get("NotificationsWithSubscribers") or [])
    for entry in notifications:
        entry["Notification"]["Threshold"] = float(entry["Notification"]["Threshold"])
    call(
        "budgets",
        "create_budget",
        AccountId=get_account_id(),
        Budget=budget,
        NotificationsWithSubscribers=notifications,
    )
    return Resource(budget["BudgetName"], {"Id": budget["BudgetName"]})


def _delete_budget(physical_id: str, _: Properties) -> None:
    call("budgets", "delete_budget", AccountId=get_account_id(), BudgetName=physical_id)


TYPES = {
    "AWS::CloudTrail::Trail": ResourceType(create=_create_trail, delete=_delete_trail),
    "AWS::Budgets::Budget": ResourceType(create=_create_budget, delete=_delete_budget),
}

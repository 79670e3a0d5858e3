"""AWS::CloudWatch::CompositeAlarm."""

from ministack.core.responses import get_account_id, get_region
from ministack.services import cloudwatch

from localcloud.server.api import call
from localcloud.server.resource import Properties, Request, Resource, ResourceType, flag, tag_list

_WAITS = ("ActionsSuppressorWaitPeriod", "ActionsSuppressorExtensionPeriod")


def _put(name: str, request: Request) -> Resource:
    parameters = request.only("AlarmRule", "AlarmActions", "OKActions", "InsufficientDataActions", "AlarmDescription")
    if "ActionsEnabled" in request.properties:
        parameters["ActionsEnabled"] = flag(request.properties["ActionsEnabled"])
    call("cloudwatch", "put_composite_alarm", AlarmName=name, Tags=tag_list(request.properties), **parameters)
    # The API drops these (`mends.alarms` heeds the suppressor).
    cloudwatch._composite_alarms[name].update(request.only("ActionsSuppressor"))
    cloudwatch._composite_alarms[name].update({key: int(value) for key, value in request.only(*_WAITS).items()})
    arn = f"arn:aws:cloudwatch:{get_region()}:{get_account_id()}:alarm:{name}"
    return Resource(name, {"Arn": arn})


def _create(request: Request) -> Resource:
    return _put(request.name("AlarmName", longest=255), request)


def _update(physical_id: str, old: Properties, request: Request) -> Resource:
    name = request.name("AlarmName", longest=255)
    if name != physical_id:
        _delete(physical_id, old)
    return _put(name, request)


def _delete(physical_id: str, _: Properties) -> None:
    call("cloudwatch", "delete_alarms", AlarmNames=[physical_id])


TYPES = {"AWS::CloudWatch::CompositeAlarm": ResourceType(create=_create, delete=_delete, update=_update)}

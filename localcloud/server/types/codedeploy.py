"""CodeDeploy's application and deployment group."""

from typing import Final

from localcloud.server.api import call
from localcloud.server.resource import Properties, Request, Resource, ResourceType, camel_case


def _application_resource(request: Request) -> Resource:
    name = request.name("ApplicationName", longest=100)
    call("codedeploy", "create_application", applicationName=name, **camel_case(request.only("ComputePlatform")))
    return Resource(name, {})


def _delete_application_resource(physical_id: str, _: Properties) -> None:
    call("codedeploy", "delete_application", applicationName=physical_id)


_OF_A_GROUP: Final = (
    "ApplicationName",
    "ServiceRoleArn",
    "AutoScalingGroups",
    "AutoRollbackConfiguration",
    "AlarmConfiguration",
    "DeploymentConfigName",
    "DeploymentStyle",
    "LoadBalancerInfo",
    "OutdatedInstancesStrategy",
    "TerminationHookEnabled",
)


def _group_resource(request: Request) -> Resource:
    name = request.name("DeploymentGroupName", longest=100)
    call("codedeploy", "create_deployment_group", **camel_case(request.only(*_OF_A_GROUP)), deploymentGroupName=name)
    return Resource(name, {})


def _update_group_resource(physical_id: str, old: Properties, request: Request) -> Resource:
    renamed = request.name("DeploymentGroupName", longest=100) != physical_id
    if renamed or request.properties["ApplicationName"] != old["ApplicationName"]:
        _delete_group_resource(physical_id, old)
        return _group_resource(request)
    changed = camel_case(request.only(*_OF_A_GROUP))
    call("codedeploy", "update_deployment_group", currentDeploymentGroupName=physical_id, **changed)
    return Resource(physical_id, {})


def _delete_group_resource(physical_id: str, properties: Properties) -> None:
    call(
        "codedeploy",
        "delete_deployment_group",
        applicationName=properties["ApplicationName"],
        deploymentGroupName=physical_id,
    )


TYPES: Final[dict[str, ResourceType]] = {
    "AWS::CodeDeploy::Application": ResourceType(create=_application_resource, delete=_delete_application_resource),
    "AWS::CodeDeploy::DeploymentGroup": ResourceType(
        create=_group_resource, delete=_delete_group_resource, update=_update_group_resource
    ),
}

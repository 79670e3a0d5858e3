"""AWS::IAM: OpenID Connect providers and service-linked roles."""

from localcloud.server.api import call
from localcloud.server.resource import Properties, Request, Resource, ResourceType, tag_list


def _create_provider(request: Request) -> Resource:
    properties = request.properties
    provider = call(
        "iam",
        "create_open_id_connect_provider",
        Url=properties["Url"],
        ClientIDList=properties.get("ClientIdList") or [],
        # AWS finds the thumbprint by itself when the template has none; the API wants one.
        ThumbprintList=properties.get("ThumbprintList") or ["0" * 40],
        Tags=tag_list(properties),
    )["OpenIDConnectProviderArn"]
    return Resource(provider, {"Arn": provider})


def _delete_provider(physical_id: str, _: Properties) -> None:
    call("iam", "delete_open_id_connect_provider", OpenIDConnectProviderArn=physical_id)


def _create_linked_role(request: Request) -> Resource:
    parameters = request.only("AWSServiceName", "CustomSuffix", "Description")
    role = call("iam", "create_service_linked_role", **parameters)["Role"]["RoleName"]
    return Resource(role, {"RoleName": role})


def _delete_linked_role(physical_id: str, _: Properties) -> None:
    call("iam", "delete_service_linked_role", RoleName=physical_id)


TYPES = {
    "AWS::IAM::OIDCProvider": ResourceType(create=_create_provider, delete=_delete_provider),
    "AWS::IAM::ServiceLinkedRole": ResourceType(create=_create_linked_role, delete=_delete_linked_role),
}

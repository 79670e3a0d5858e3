"""AWS::EKS: add-ons, access entries, Pod Identity associations."""

from typing import Any

from localcloud.server.api import call
from localcloud.server.resource import Properties, Request, Resource, ResourceType, camel_case


def _tags(properties: Properties) -> dict[str, str]:
    return {tag["Key"]: str(tag.get("Value", "")) for tag in properties.get("Tags") or []}


def _addon_parameters(request: Request) -> dict[str, Any]:
    chosen = request.only(
        "AddonVersion",
        "ServiceAccountRoleArn",
        "ConfigurationValues",
        "ResolveConflicts",
        "PodIdentityAssociations",
    )
    place = {"clusterName": request.properties["ClusterName"], "addonName": request.properties["AddonName"]}
    return place | dict(camel_case(chosen))


def _create_addon(request: Request) -> Resource:
    parameters = _addon_parameters(request)
    addon = call("eks", "create_addon", **parameters, tags=_tags(request.properties))["addon"]
    return Resource(f"{addon['clusterName']}|{addon['addonName']}", {"Arn": addon["addonArn"]})


def _delete_addon(physical_id: str, _: Properties) -> None:
    cluster, addon = physical_id.split("|")
    call("eks", "delete_addon", clusterName=cluster, addonName=addon)


def _create_access_entry(request: Request) -> Resource:
    properties = request.properties
    cluster, principal = properties["ClusterName"], properties["PrincipalArn"]
    groups = properties.get("KubernetesGroups")
    entry = call(
        "eks",
        "create_access_entry",
        clusterName=cluster,
        principalArn=principal,
        type=properties.get("Type", "STANDARD"),
        tags=_tags(properties),
        **({"kubernetesGroups": groups} if groups else {}),
    )["accessEntry"]
    for policy in properties.get("AccessPolicies") or []:
        call(
            "eks",
            "associate_access_policy",
            clusterName=cluster,
            principalArn=principal,
            policyArn=policy["PolicyArn"],
            accessScope=camel_case(policy["AccessScope"]),
        )
    return Resource(f"{principal}|{cluster}", {"AccessEntryArn": entry["accessEntryArn"]})


def _delete_access_entry(physical_id: str, _: Properties) -> None:
    principal, cluster = physical_id.split("|")
    call("eks", "delete_access_entry", clusterName=cluster, principalArn=principal)


def _create_pod_identity(request: Request) -> Resource:
    properties = request.properties
    made = call(
        "eks",
        "create_pod_identity_association",
        clusterName=properties["ClusterName"],
        namespace=properties["Namespace"],
        serviceAccount=properties["ServiceAccount"],
        roleArn=properties["RoleArn"],
        tags=_tags(properties),
    )["association"]
    attributes = {
        "AssociationArn": made["associationArn"],
        "AssociationId": made["associationId"],
        "ExternalId": made.get("externalId", ""),
    }
    return Resource(made["associationArn"], attributes)


def _delete_pod_identity(physical_id: str, properties: Properties) -> None:
    call(
        "eks",
        "delete_pod_identity_association",
        clusterName=properties["ClusterName"],
        associationId=physical_id.rsplit("/", 1)[-1],
    )


TYPES = {
    "AWS::EKS::Addon": ResourceType(create=_create_addon, delete=_delete_addon),
    "AWS::EKS::AccessEntry": ResourceType(create=_create_access_entry, delete=_delete_access_entry),
    "AWS::EKS::PodIdentityAssociation": ResourceType(create=_create_pod_identity, delete=_delete_pod_identity),
}

"""The custom resources of `aws_eks_v2`: manifests, Helm charts, patches and values.

On AWS a function of CDK's runs kubectl and helm for each. Here their resolved content is recorded (`objects`); what
either program would end with fails the resource.
"""

import json
from typing import Any, Final

from localcloud.recorded import Chart, Manifest, Patch, means
from localcloud.server import objects
from localcloud.server.resource import Properties, Request, Resource, ResourceType, flag

_UNKNOWN_VALUE: Final = "recorded-only"
"""Of what only a running cluster knows."""


def _owner(request: Request) -> objects.Owner:
    return objects.Owner(
        cluster=str(request.properties["ClusterName"]), stack=request.stack_name, id=request.logical_id
    )


def _manifests(properties: Properties) -> list[Manifest]:
    parsed = json.loads(properties["Manifest"])
    if not isinstance(parsed, list) or not all(isinstance(entry, dict) for entry in parsed):
        raise objects.RefusedError("error validating data: a manifest is a list of objects")
    return parsed


def _create_manifest(request: Request) -> Resource:
    objects.create(
        _owner(request), _manifests(request.properties), overwrite=flag(request.properties.get("Overwrite", False))
    )
    return Resource(request.pseudo_id, {})


def _update_manifest(physical_id: str, _: Properties, request: Request) -> Resource:
    objects.apply(_owner(request), _manifests(request.properties), prune=request.properties.get("PruneLabel"))
    return Resource(physical_id, {})


def _delete_manifest(_: str, properties: Properties) -> None:
    objects.delete(str(properties["ClusterName"]), _manifests(properties))


def _namespace(properties: Properties) -> str:
    return str(properties.get("Namespace") or "default")


def _chart_of(request: Request) -> Chart:
    properties, owner = request.properties, _owner(request)
    repository = str(properties.get("Repository") or properties.get("ChartAssetURL") or "")
    return Chart(
        cluster=owner.cluster,
        stack=owner.stack,
        id=owner.id,
        release=str(properties["Release"]),
        namespace=_namespace(properties),
        chart=str(properties.get("Chart") or repository.rpartition("/")[2]),
        repository=repository,
        version=str(properties.get("Version") or ""),
        values=json.loads(properties.get("Values") or "{}"),
    )


def _install(request: Request) -> Resource:
    created = flag(request.properties.get("CreateNamespace", False))
    objects.install(_owner(request), _chart_of(request), create_namespace=created)
    return Resource(request.pseudo_id, {})


def _upgrade(physical_id: str, _: Properties, request: Request) -> Resource:
    _install(request)
    return Resource(physical_id, {})


def _uninstall(_: str, properties: Properties) -> None:
    objects.uninstall(str(properties["ClusterName"]), _namespace(properties), str(properties["Release"]))


def _patch(request: Request) -> Resource:
    properties, owner = request.properties, _owner(request)
    entry = Patch(
        cluster=owner.cluster,
        stack=owner.stack,
        id=owner.id,
        resource=str(properties["ResourceName"]),
        namespace=str(properties.get("ResourceNamespace") or "default"),
        patch=json.loads(properties["ApplyPatchJson"]),
    )
    objects.patch(entry, stack=owner.stack, id=owner.id)
    # The way back to what is patched: a delete is told neither stack nor logical id.
    return Resource(f"{owner.stack}|{owner.id}", {})


def _patch_again(physical_id: str, _: Properties, request: Request) -> Resource:
    _patch(request)
    return Resource(physical_id, {})


def _unpatch(physical_id: str, _: Properties) -> None:
    stack, logical_id = physical_id.split("|")
    objects.patch(None, stack=stack, id=logical_id)


def _value(request: Request) -> Resource:
    asked = request.properties
    kind, namespace = str(asked["ObjectType"]).split(".")[0], str(asked.get("ObjectNamespace") or "default")
    found = None
    for entry in objects.everything().objects:
        here = entry.cluster == asked["ClusterName"] and entry.namespace in ("", namespace)
        if here and entry.name == asked["ObjectName"] and means(kind, entry.kind):
            found = _at(entry.manifest, str(asked["JsonPath"]))
    return Resource(request.pseudo_id, {"Value": found or _UNKNOWN_VALUE})


def _at(content: Any, path: str) -> str | None:
    """What a plain JSONPath (`.spec.ports[0].port`) finds; None: nothing, as with any status."""
    for step in path.strip("{}").lstrip("$").replace("[", ".").replace("]", "").split("."):
        if isinstance(content, dict) and step in content:
            content = content[step]
        elif isinstance(content, list) and step.isdecimal() and int(step) < len(content):
            content = content[int(step)]
        elif step:
            return None
    return str(content) if isinstance(content, (str, int)) else None


def _forget_value(_: str, __: Properties) -> None:
    """Nothing was made for it."""


TYPES: Final = {
    "Custom::AWSCDK-EKS-KubernetesResource": ResourceType(
        create=_create_manifest, update=_update_manifest, delete=_delete_manifest
    ),
    "Custom::AWSCDK-EKS-HelmChart": ResourceType(create=_install, update=_upgrade, delete=_uninstall),
    "Custom::AWSCDK-EKS-KubernetesPatch": ResourceType(create=_patch, update=_patch_again, delete=_unpatch),
    "Custom::AWSCDK-EKS-KubernetesObjectValue": ResourceType(create=_value, delete=_forget_value),
}

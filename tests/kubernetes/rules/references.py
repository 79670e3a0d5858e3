"""What an object names exists: volumes, ConfigMaps, service accounts, pod identities, roles."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from cloudmart_cdk.policy.model import as_list
from tests.kubernetes.rules.rule import Found, Rule, at, place
from tests.kubernetes.world import Pods, World

_IDENTITY: Final = "AWS::EKS::PodIdentityAssociation"


def _mounts(world: World) -> Found:
    for pods in world.pods:
        volumes = [str(volume.get("name")) for volume in as_list(pods.spec.get("volumes") or [])]
        used = set()
        for container in pods.all_containers():
            mounts = as_list(container.get("volumeMounts") or [])
            used |= {str(mount.get("name")) for mount in mounts}
            for name in sorted({str(mount.get("name")) for mount in mounts} - {*volumes}):
                yield at(pods), f"container {container.get('name')} mounts {name}, which is no volume"
            paths = Counter(str(mount.get("mountPath")) for mount in mounts)
            for path, count in paths.items():
                if count > 1 or not path.startswith("/") or ":" in path:
                    yield at(pods), f"container {container.get('name')}: mount path {path!r}, {count} times"
        for name in sorted({*volumes} - used):
            yield at(pods), f"volume {name} is mounted nowhere"


def _sources(world: World) -> Found:
    """ConfigMaps, Secrets and claims. A Secret is never ours to make (policy POD-23): none exists."""
    for pods in world.pods:
        for kind, name, keys in named(pods):
            source = world.get(kind, pods.namespace, name)
            if source is None:
                yield at(pods), f"there is no {kind} {name}"
                continue
            held = {*(source.data.get("data") or {}), *(source.data.get("binaryData") or {})}
            for key in sorted(keys - held):
                yield at(pods), f"{kind} {name} has no {key}"


def named(pods: Pods) -> Iterator[tuple[str, str, set[str]]]:
    """(kind, name, keys that it must have); what is optional is left out."""
    for volume in as_list(pods.spec.get("volumes") or []):
        for kind, key, by in (
            ("ConfigMap", "configMap", "name"),
            ("Secret", "secret", "secretName"),
            ("PersistentVolumeClaim", "persistentVolumeClaim", "claimName"),
        ):
            source = volume.get(key)
            if isinstance(source, Mapping) and not source.get("optional"):
                yield kind, str(source.get(by)), {str(item["key"]) for item in as_list(source.get("items") or [])}
    for container in pods.all_containers():
        for variable in as_list(container.get("env") or []):
            for kind, key in (("ConfigMap", "configMapKeyRef"), ("Secret", "secretKeyRef")):
                source = (variable.get("valueFrom") or {}).get(key)
                if source and not source.get("optional"):
                    yield kind, str(source.get("name")), {str(source.get("key"))}
        for all_of in as_list(container.get("envFrom") or []):
            for kind, key in (("ConfigMap", "configMapRef"), ("Secret", "secretRef")):
                source = all_of.get(key)
                if source and not source.get("optional"):
                    yield kind, str(source.get("name")), set()


def _accounts(world: World) -> Found:
    for pods in world.pods:
        account = str(pods.spec.get("serviceAccountName", "default"))
        if account != "default" and (pods.namespace, account) not in world.accounts:
            yield at(pods), f"there is no ServiceAccount {account} in {pods.namespace}"


def _identities(world: World) -> Found:
    held: Counter[tuple[str, str]] = Counter()
    for association in world.app.of(_IDENTITY):
        account = str(association.get("Namespace")), str(association.get("ServiceAccount"))
        held[account] += 1
        if account not in world.accounts:
            yield association.logical_id, f"there is no ServiceAccount {account[1]} in {account[0]}"
        if held[account] == 2:
            yield association.logical_id, f"ServiceAccount {account[1]} in {account[0]} has a role already"


def _bindings(world: World) -> Found:
    for binding in world.of("RoleBinding", "ClusterRoleBinding"):
        kind, name = str(binding.get("roleRef.kind")), str(binding.get("roleRef.name"))
        namespace = "" if kind == "ClusterRole" else binding.namespace
        if not name.startswith("system:") and world.get(kind, namespace, name) is None:
            yield place(binding), f"there is no {kind} {name}"
        for subject in as_list(binding.data.get("subjects") or []):
            if subject.get("kind") == "ServiceAccount" and _account(subject) not in world.accounts:
                yield place(binding), f"there is no ServiceAccount {'/'.join(_account(subject))}"


def _account(subject: Mapping[str, Any]) -> tuple[str, str]:
    return str(subject.get("namespace")), str(subject.get("name"))


RULES: Final = (
    Rule("mount", _mounts),
    Rule("source", _sources),
    Rule("service-account", _accounts),
    Rule("pod-identity", _identities),
    Rule("role-binding", _bindings),
)

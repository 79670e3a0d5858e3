"""POD: what a pod may do on a node, for every pod template in a manifest, containers of all kinds included.

Owns pods and their containers; what stands around them (networks, rights, services, charts) is `kubernetes`. The
measure is the Pod Security Standard "restricted", and for what it leaves open the CIS benchmark and the NSA's guide.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from ..images import pinned
from ..manifests import (
    SECRET_BY_NAME,
    Container,
    Pod,
    certain,
    is_secret,
    named_values,
    of_kind,
    pods,
    quantity,
    secrets_in,
    secrets_of,
    unreadable,
    value_at,
)
from ..model import MISSING, Deployment, as_list
from ..rule import NO, YES, Found, Rule, Test, equal, one_of, optional, shown

_PSS: Final = 'Kubernetes Pod Security Standards, "restricted"'
_CIS: Final = "CIS Amazon EKS 1.7"
_NSA: Final = "NSA/CISA Kubernetes Hardening Guidance 1.2"
_SPEC: Final = "specification section 6"
_PROFILES: Final = one_of("RuntimeDefault", "Localhost")


@dataclass(frozen=True)
class _Row:
    """A value of every pod or of every container, and what it must be. A container's may be its pod's."""

    id: str
    of: Literal["pod", "container"]
    path: str
    must: Test
    why: str
    fix: str
    when: Callable[[Container], bool] | None = None
    acknowledgeable: bool = True


def _rule_of(row: _Row) -> Rule:
    def check(app: Deployment) -> Iterator[Found]:
        for part in _parts(app, row):
            value = part.get(row.path)
            if not row.must.passes(value, app):
                yield part.found(shown(value), row.must.allows, row.path)

    what = f"Every {row.of}: `{row.path}` is {row.must.allows}"
    return Rule(row.id, what, row.why, row.fix, check, acknowledgeable=row.acknowledgeable)


def _parts(app: Deployment, row: _Row) -> Iterator[Pod | Container]:
    for pod in pods(app):
        if row.of == "pod":
            yield pod
        else:
            yield from (part for part in pod.containers() if row.when is None or row.when(part))


def _not_root(given: Any, _: Deployment) -> bool:
    return given is MISSING or (type(given) is int and given > 0)


def _drops_all(given: Any, _: Deployment) -> bool:
    return isinstance(given, list) and "ALL" in given


def _adds_little(given: Any, _: Deployment) -> bool:
    return given is MISSING or (isinstance(given, list) and all(name == "NET_BIND_SERVICE" for name in given))


def _no_host_ports(given: Any, _: Deployment) -> bool:
    ports = [] if given is MISSING else as_list(given)
    return all(isinstance(port, Mapping) and not port.get("hostPort") for port in ports)


_VOLUMES: Final = frozenset(
    ("configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret")
)


def _harmless_volumes(given: Any, _: Deployment) -> bool:
    volumes = [] if given is MISSING else as_list(given)
    return all(isinstance(volume, Mapping) and volume.keys() - {"name"} <= _VOLUMES for volume in volumes)


def _bounded(given: Any, _: Deployment) -> bool:
    for what in ("cpu", "memory"):
        request, limit = (quantity(value_at(given, f"{part}.{what}")) for part in ("requests", "limits"))
        if request is None or limit is None or not 0 < request <= limit:
            return False
    return True


def _probes(given: Any, _: Deployment) -> bool:
    return isinstance(given, Mapping) and any(
        isinstance(given.get(kind), Mapping) for kind in ("httpGet", "tcpSocket", "grpc", "exec")
    )


def _stays(container: Container) -> bool:
    return container.stays


def _sized(container: Container) -> bool:
    return container.kind != "ephemeralContainers"


_ROWS: Final = (
    _Row(
        "POD-2",
        "container",
        "securityContext.runAsNonRoot",
        YES,
        f"{_PSS}; {_NSA}, non-root containers. Root in a container is root on the node after a break-out.",
        "set runAsNonRoot: true in the pod's securityContext, and take it out of containers that say otherwise",
    ),
    _Row(
        "POD-3",
        "container",
        "securityContext.runAsUser",
        Test("nothing, or the number of a user that is not root (0)", _not_root),
        f"{_PSS}; {_NSA}, non-root containers.",
        "set runAsUser to a number such as 10001, or leave it to the image",
    ),
    _Row(
        "POD-4",
        "container",
        "securityContext.privileged",
        optional(NO),
        f"{_PSS}; {_CIS} 4.2.1. A privileged container is the node.",
        "take privileged out; state the one capability or device that is needed",
        acknowledgeable=False,
    ),
    _Row(
        "POD-5",
        "container",
        "securityContext.allowPrivilegeEscalation",
        NO,
        f"{_PSS}; {_CIS} 4.2.5. Kubernetes allows it unless told otherwise.",
        "set allowPrivilegeEscalation: false in the container's securityContext; a pod has no such setting",
    ),
    _Row(
        "POD-6",
        "container",
        "securityContext.readOnlyRootFilesystem",
        YES,
        f"{_SPEC}; {_NSA}, immutable container file systems; EKS best practices, Pod Security.",
        "set readOnlyRootFilesystem: true, and mount an emptyDir where the program writes (/tmp)",
    ),
    _Row(
        "POD-7",
        "container",
        "securityContext.capabilities.drop",
        Test('a list with "ALL"', _drops_all),
        f"{_PSS}. The runtime's default set lets a container forge packets and change owners of files.",
        'set capabilities: {drop: ["ALL"]} in the container\'s securityContext',
    ),
    _Row(
        "POD-8",
        "container",
        "securityContext.capabilities.add",
        Test("nothing, or NET_BIND_SERVICE", _adds_little),
        f"{_PSS}. SYS_ADMIN, for one, is as good as privileged.",
        "take capabilities.add out; listen on a port above 1023",
    ),
    _Row(
        "POD-9",
        "container",
        "securityContext.seccompProfile.type",
        _PROFILES,
        f"{_PSS}. Without one every system call of the kernel is within reach.",
        "set seccompProfile: {type: RuntimeDefault} in the pod's securityContext",
    ),
    _Row(
        "POD-10",
        "container",
        "securityContext.appArmorProfile.type",
        optional(_PROFILES),
        f"{_PSS}. Not set is well: the runtime then applies its own profile where the node has AppArmor.",
        "take appArmorProfile out, or set its type to RuntimeDefault",
    ),
    _Row(
        "POD-11",
        "container",
        "securityContext.procMount",
        optional(equal("Default")),
        f"{_PSS}. Unmasked shows and lets change what belongs to the kernel.",
        "take procMount out",
    ),
    _Row(
        "POD-12",
        "pod",
        "hostNetwork",
        optional(NO),
        f"{_PSS}; {_CIS} 4.2.4. On the node's network a pod has the node's security group and its credentials "
        "(the metadata service is then within one hop), and no NetworkPolicy holds.",
        "take hostNetwork out; give the pod a Service",
    ),
    _Row(
        "POD-13",
        "pod",
        "hostPID",
        optional(NO),
        f"{_PSS}; {_CIS} 4.2.2. It sees, and as root can enter, every process of the node.",
        "take hostPID out",
        acknowledgeable=False,
    ),
    _Row(
        "POD-14",
        "pod",
        "hostIPC",
        optional(NO),
        f"{_PSS}; {_CIS} 4.2.3. Shared memory of the node's processes.",
        "take hostIPC out",
        acknowledgeable=False,
    ),
    _Row(
        "POD-15",
        "pod",
        "volumes",
        Test(f"volumes of the kinds {', '.join(sorted(_VOLUMES))}", _harmless_volumes),
        f"{_PSS}, volume types; {_NSA}. A hostPath is a door into the node's file system.",
        "use emptyDir for scratch space, a persistentVolumeClaim for data",
    ),
    _Row(
        "POD-16",
        "container",
        "ports",
        Test("ports without a hostPort", _no_host_ports),
        f"{_PSS}, host ports. Opens the port on the node, past Services and NetworkPolicies.",
        "take hostPort out; give the pod a Service",
    ),
    _Row(
        "POD-17",
        "container",
        "resources",
        Test("cpu and memory in requests and limits, each request at most its limit", _bounded),
        f"{_SPEC}, the service table; {_NSA}, resource policies. One greedy pod starves a node of others.",
        "state resources.requests and resources.limits, both with cpu and memory",
        _sized,
    ),
    _Row(
        "POD-18",
        "container",
        "readinessProbe",
        Test("a probe (httpGet, tcpSocket, grpc or exec)", _probes),
        f"{_SPEC}: health checks. Without it a pod gets requests before it can answer them.",
        "state readinessProbe, for a service httpGet on /health",
        _stays,
    ),
    _Row(
        "POD-19",
        "container",
        "livenessProbe",
        Test("a probe (httpGet, tcpSocket, grpc or exec)", _probes),
        f"{_SPEC}: health checks. Without it a pod that hangs is never restarted.",
        "state livenessProbe, slower to act than the readiness probe",
        _stays,
    ),
    _Row(
        "POD-20",
        "container",
        "image",
        Test(
            "an image by digest (@sha256:..., or @ and a template parameter that admits such only), or by a tag other "
            "than latest in one of our immutable repositories",
            pinned,
        ),
        f"EKS best practices, Image Security; {_CIS} 5.1.4. Only a digest or an immutable tag stays the image that was "
        "tried; in any other registry a tag can be moved.",
        "append the digest (name:1.2.3@sha256:...), or push to a repository of constructs/repositories.py",
    ),
    _Row(
        "POD-21",
        "pod",
        "serviceAccountName",
        Test("an account of the pod's own", lambda given, _: isinstance(given, str) and given not in ("", "default")),
        f"{_CIS} 4.1.5. What default may do, every pod of the namespace may that names no account.",
        "make a ServiceAccount for the service and name it",
    ),
)


def _tokens(app: Deployment) -> Iterator[Found]:
    bound = {
        (str(subject.get("namespace", binding.namespace)), str(subject.get("name")))
        for binding in of_kind(app, "RoleBinding", "ClusterRoleBinding")
        for subject in as_list(binding.get("subjects") or [])
        if isinstance(subject, Mapping) and subject.get("kind") == "ServiceAccount"
    }
    without = {
        (account.namespace, account.name)
        for account in certain(app, "ServiceAccount")
        if account.get("automountServiceAccountToken") is False
    }
    for pod in pods(app):
        account = (pod.namespace, str(pod.get("serviceAccountName")))
        mounts = pod.get("automountServiceAccountToken")
        if mounts is False or account in bound or (mounts is MISSING and account in without):
            continue
        allowed = "false, unless a binding in these templates gives the pod's service account rights"
        yield pod.found(shown(mounts), allowed, "automountServiceAccountToken")


def _plain_secrets(app: Deployment) -> Iterator[Found]:
    for pod in pods(app):
        for container in pod.containers():
            for where, what in secrets_of(container):
                found = container.found(what, SECRET_BY_NAME, where)
                yield replace(found, detail=f"{found.detail}/{where}")
    for config in of_kind(app, "ConfigMap"):
        for key, value in named_values(config.get("data")):
            if is_secret(key, value) or any(secrets_in(str(value))):
                found = config.found("a secret in plain text", SECRET_BY_NAME, f"data.{key}")
                yield replace(found, detail=f"{found.detail}/{key}")


RULES: Final = (
    Rule(
        "POD-1",
        "Every manifest can be read, and so be checked",
        "What no rule can read no rule has checked (specification section 8: every synth is checked).",
        "give the manifest as objects known at synth; a reference may stand for a text, never for a whole part",
        unreadable,
        acknowledgeable=False,
    ),
    *(_rule_of(row) for row in _ROWS),
    Rule(
        "POD-22",
        "A pod mounts its Kubernetes token only when its service account has rights",
        f"{_CIS} 4.1.6; {_NSA}. Whoever breaks into the pod has the token. Pod Identity needs none: EKS mounts one of "
        "its own. A binding in these templates is the proof that the pod talks to the Kubernetes API.",
        "set automountServiceAccountToken: false in the pod, or bind its account to the role it needs",
        _tokens,
    ),
    Rule(
        "POD-23",
        "No secret in a container's environment or arguments, nor in a ConfigMap",
        f"{_CIS} 4.4.1, 4.4.2; specification section 3: nothing secret in a template or an environment variable. A "
        "manifest is readable in CloudFormation, in its change sets and in the log of the function that applies it.",
        "hand over the secret's name (DB_SECRET_NAME) and let the program read it through its Pod Identity",
        _plain_secrets,
    ),
)

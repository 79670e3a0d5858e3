"""Family POD: pods and containers. One hardened service, spoilt in one place a case."""

import json
from typing import Any

import pytest

from cloudmart_cdk.policy import engine
from cloudmart_cdk.policy.families import kubernetes, workloads
from tests.policy.kubernetes_samples import (
    APP,
    CONFIG,
    CRON_JOB,
    DEPLOYMENT,
    GONE,
    POD,
    REPOSITORY,
    an_object,
    changed,
    cluster_of,
    container,
    manifest,
)
from tests.policy.support import Case, bad, deployment, each, found, good, resource

_CONTEXT = f"{APP}.securityContext"
_JOB = "spec.jobTemplate.spec.template.spec"


def _bad(rule: str, name: str, path: str, value: Any, says: str = "") -> Case:
    return bad(rule, name, cluster_of(changed(DEPLOYMENT, path, value)), stack="EksPlatformStack", says=says)


def _good(rule: str, name: str, path: str, value: Any) -> Case:
    return good(rule, name, cluster_of(changed(DEPLOYMENT, path, value)), stack="EksPlatformStack")


def _with(rule: str, name: str, *objects: Any, finds: bool, says: str = "") -> Case:
    if finds:
        return bad(rule, name, cluster_of(*objects), stack="EksPlatformStack", says=says)
    return good(rule, name, cluster_of(*objects), stack="EksPlatformStack")


def _second(**changes: Any) -> list[Any]:
    return [container(), {**container("side"), **changes}]


def _text(text: Any) -> dict[str, Any]:
    return {"M": resource("Custom::AWSCDK-EKS-KubernetesResource", {"Manifest": text})}


_PRIVILEGED = changed(DEPLOYMENT, f"{_CONTEXT}.privileged", True)
_BARE = {**container(), "securityContext": {}}
_BOUND = an_object(
    "RoleBinding", "auth", roleRef={"name": "reader"}, subjects=[{"kind": "ServiceAccount", "name": "auth"}]
)
_OTHER_BOUND = an_object(
    "RoleBinding",
    "auth",
    roleRef={"name": "reader"},
    subjects=[{"kind": "ServiceAccount", "name": "auth", "namespace": "x"}],
)
_WITHOUT_TOKEN = an_object("ServiceAccount", "auth", automountServiceAccountToken=False)
_ECR = "${AWS::AccountId}.dkr.ecr.ap-northeast-2.amazonaws.com"
_LONE_KEY = {"name": "DB_PASSWORD", "value": "hunter2"}

CASES = (
    bad("POD-1", "text that is no JSON", _text("kind: Pod\n---\nkind: Pod\n")),
    bad("POD-1", "a parameter", _text({"Ref": "Manifest"})),
    bad(
        "POD-1",
        "a part from a parameter",
        _text({"Fn::Join": ["", ['[{"kind": "Pod", "spec": ', {"Ref": "Spec"}, "}]"]]}),
    ),
    bad("POD-1", "an element that is no object", _text('["Pod"]')),
    bad("POD-1", "an object without a kind", _text('[{"spec": {}}]')),
    bad("POD-1", "no manifest", {"M": resource("Custom::AWSCDK-EKS-KubernetesResource")}),
    bad(
        "POD-1",
        "a Deployment without containers in sight",
        {"M": manifest(changed(DEPLOYMENT, f"{POD}.containers", "${Containers}"))},
        says="Deployment tiketi/auth",
    ),
    bad("POD-1", "a CronJob without a pod", {"M": manifest(an_object("CronJob", "x", spec={"schedule": "x"}))}),
    good("POD-1", "no object at all", {"M": manifest()}),
    good(
        "POD-1",
        "a number that a release decides",
        _text({"Fn::Sub": '[{"kind": "HorizontalPodAutoscaler","spec":{"minReplicas":${Minimum},"maxReplicas":3}}]'}),
    ),
    bad("POD-1", "a part that a release decides", _text({"Fn::Sub": '[{"kind": "Pod", ${Spec}}]'})),
    _good("POD-2", "said by the container, not by the pod", f"{_CONTEXT}.runAsNonRoot", True),
    _bad("POD-2", "said by nobody", f"{POD}.securityContext.runAsNonRoot", GONE, "not set"),
    _bad(
        "POD-2",
        "a container that overrides its pod",
        f"{_CONTEXT}.runAsNonRoot",
        False,
        "container app securityContext.runAsNonRoot is false",
    ),
    _bad("POD-2", "a parameter", f"{POD}.securityContext.runAsNonRoot", "${Root}"),
    _bad("POD-3", "root by number", f"{POD}.securityContext.runAsUser", 0),
    _bad("POD-3", "root in the container only", f"{_CONTEXT}.runAsUser", 0),
    _bad("POD-3", "root as text", f"{_CONTEXT}.runAsUser", "0"),
    _bad("POD-3", "root as no", f"{_CONTEXT}.runAsUser", False),
    _good("POD-3", "the image's user", f"{POD}.securityContext.runAsUser", GONE),
    _bad("POD-4", "a privileged container", f"{_CONTEXT}.privileged", True, "Deployment tiketi/auth container app"),
    _bad(
        "POD-4",
        "a privileged second container",
        f"{POD}.containers",
        _second(securityContext={"privileged": True}),
        "container side",
    ),
    _bad(
        "POD-4",
        "a privileged init container",
        f"{POD}.initContainers",
        [{"name": "first", "securityContext": {"privileged": True}}],
        "init container first",
    ),
    _bad(
        "POD-4",
        "a privileged ephemeral container",
        f"{POD}.ephemeralContainers",
        [{"name": "debug", "securityContext": {"privileged": True}}],
    ),
    _with(
        "POD-4",
        "a CronJob's container",
        changed(CRON_JOB, f"{_JOB}.containers.0.securityContext.privileged", True),
        finds=True,
        says="CronJob tiketi/sweep",
    ),
    _good("POD-4", "privileged said to be off", f"{_CONTEXT}.privileged", False),
    bad("POD-4", "a single object, not a list", _text(json.dumps(_PRIVILEGED))),
    bad("POD-4", "a List", _text(json.dumps([{"kind": "List", "items": [_PRIVILEGED]}]))),
    bad(
        "POD-4",
        "a typed list whose members leave out their kind",
        _text(json.dumps({"kind": "DeploymentList", "items": [changed(_PRIVILEGED, "kind", GONE)]})),
        says="Deployment tiketi/auth",
    ),
    bad("POD-4", "lists in lists", _text(json.dumps([[_PRIVILEGED]]))),
    bad("POD-4", "a manifest that is data, not text", _text([_PRIVILEGED])),
    bad("POD-4", "a kind that nobody thought of", {"M": manifest({**_PRIVILEGED, "kind": "Rollout"})}),
    bad(
        "POD-4",
        "one outcome of a condition",
        _text({"Fn::If": ["Debug", json.dumps([_PRIVILEGED]), json.dumps([DEPLOYMENT])]}),
    ),
    *(
        bad("POD-4", f"a {kind}", {"M": manifest({**_PRIVILEGED, "kind": kind})})
        for kind in ("StatefulSet", "DaemonSet", "ReplicaSet", "Job")
    ),
    bad("POD-4", "a bare Pod", {"M": manifest(an_object("Pod", "x", spec=_PRIVILEGED["spec"]["template"]["spec"]))}),
    _bad("POD-5", "Kubernetes's default", f"{_CONTEXT}.allowPrivilegeEscalation", GONE),
    _bad(
        "POD-5",
        "said by the pod, which has no such setting",
        f"{POD}",
        {
            **DEPLOYMENT["spec"]["template"]["spec"],
            "securityContext": {"allowPrivilegeEscalation": False},
            "containers": [_BARE],
        },
    ),
    _bad("POD-6", "a root file system to write on", f"{_CONTEXT}.readOnlyRootFilesystem", False),
    _bad("POD-6", "Kubernetes's default", f"{_CONTEXT}.readOnlyRootFilesystem", GONE),
    _bad("POD-7", "some capabilities dropped", f"{_CONTEXT}.capabilities.drop", ["NET_RAW"], "NET_RAW"),
    _bad("POD-7", "none dropped", f"{_CONTEXT}.capabilities", GONE),
    _good("POD-8", "a port below 1024", f"{_CONTEXT}.capabilities.add", ["NET_BIND_SERVICE"]),
    _bad(
        "POD-8", "SYS_ADMIN beside it", f"{_CONTEXT}.capabilities.add", ["NET_BIND_SERVICE", "SYS_ADMIN"], "SYS_ADMIN"
    ),
    _bad("POD-9", "no profile", f"{POD}.securityContext.seccompProfile", GONE),
    _bad(
        "POD-9",
        "a container that overrides its pod",
        f"{_CONTEXT}.seccompProfile",
        {"type": "Unconfined"},
        "Unconfined",
    ),
    _good(
        "POD-9", "a profile of our own", f"{_CONTEXT}.seccompProfile", {"type": "Localhost", "localhostProfile": "x"}
    ),
    _bad("POD-10", "no AppArmor", f"{POD}.securityContext.appArmorProfile", {"type": "Unconfined"}),
    _good("POD-10", "the runtime's profile", f"{_CONTEXT}.appArmorProfile", {"type": "RuntimeDefault"}),
    _bad("POD-11", "an unmasked /proc", f"{_CONTEXT}.procMount", "Unmasked"),
    _good("POD-11", "the default said", f"{_CONTEXT}.procMount", "Default"),
    _bad("POD-12", "the node's network", f"{POD}.hostNetwork", True),
    _good("POD-12", "the node's network said to be off", f"{POD}.hostNetwork", False),
    _bad("POD-13", "the node's processes", f"{POD}.hostPID", True),
    _bad("POD-14", "the node's memory", f"{POD}.hostIPC", "true"),
    _bad(
        "POD-15",
        "the node's disk",
        f"{POD}.volumes",
        [{"name": "a", "emptyDir": {}}, {"name": "b", "hostPath": {"path": "/"}}],
        "hostPath",
    ),
    _bad("POD-15", "somebody's NFS", f"{POD}.volumes", [{"name": "b", "nfs": {}}]),
    _bad("POD-15", "a parameter", f"{POD}.volumes", "${Volumes}"),
    _good("POD-15", "no volume", f"{POD}.volumes", GONE),
    _bad(
        "POD-16",
        "a port of the node",
        f"{APP}.ports",
        [{"containerPort": 1}, {"containerPort": 2, "hostPort": 2}],
        "hostPort",
    ),
    _good("POD-16", "no port", f"{APP}.ports", GONE),
    _bad("POD-17", "nothing stated", f"{APP}.resources", GONE),
    _bad("POD-17", "no limits", f"{APP}.resources.limits", GONE),
    _bad("POD-17", "no memory requested", f"{APP}.resources.requests.memory", GONE),
    _bad("POD-17", "CPU over its limit", f"{APP}.resources.requests.cpu", "501m"),
    _bad("POD-17", "memory over its limit", f"{APP}.resources.requests.memory", "1Gi"),
    _bad("POD-17", "a quantity that is none", f"{APP}.resources.limits.memory", "${Memory}"),
    _bad("POD-17", "an init container without", f"{POD}.initContainers", [{"name": "first"}], "init container first"),
    _good(
        "POD-17",
        "numbers without units",
        f"{APP}.resources",
        {"requests": {"cpu": 1, "memory": 1000000}, "limits": {"cpu": "1.5", "memory": "1M"}},
    ),
    _good("POD-17", "requests at their limits", f"{APP}.resources.requests", {"cpu": "500m", "memory": "0.5Gi"}),
    _bad("POD-18", "no readiness probe", f"{APP}.readinessProbe", GONE),
    _bad("POD-18", "an empty probe", f"{APP}.readinessProbe", {"periodSeconds": 30}),
    _bad("POD-19", "no liveness probe", f"{APP}.livenessProbe", GONE),
    _good("POD-19", "a command as probe", f"{APP}.livenessProbe", {"exec": {"command": ["true"]}}),
    _good("POD-18", "an init container without probes", f"{POD}.initContainers", [{"name": "first"}]),
    _with(
        "POD-18",
        "a CronJob without probes",
        changed(CRON_JOB, f"{_JOB}.containers.0.readinessProbe", GONE),
        finds=False,
    ),
    _bad("POD-20", "latest", f"{APP}.image", f"{_ECR}/cloudmart-lab/auth:latest", ":latest"),
    _bad("POD-20", "no tag", f"{APP}.image", f"{_ECR}/cloudmart-lab/auth"),
    _bad("POD-20", "a tag that can be moved", f"{APP}.image", "public.ecr.aws/nginx/nginx:1.29.1"),
    _bad(
        "POD-20",
        "another account's registry",
        f"{APP}.image",
        "999999999999.dkr.ecr.ap-northeast-2.amazonaws.com/cloudmart-lab/auth:1",
    ),
    _bad("POD-20", "a repository that is not ours", f"{APP}.image", f"{_ECR}/other:1"),
    _bad("POD-20", "a tag from a parameter", f"{APP}.image", f"{_ECR}/cloudmart-lab/auth:${{Tag}}"),
    _bad("POD-20", "no image", f"{APP}.image", GONE),
    _bad("POD-20", "half a digest", f"{APP}.image", "nginx@sha256:abc"),
    _bad("POD-20", "an init container's", f"{POD}.initContainers", [{"name": "first", "image": "busybox"}], "busybox"),
    _good("POD-20", "a digest", f"{APP}.image", f"public.ecr.aws/nginx/nginx:1.29.1@sha256:{'a1' * 32}"),
    _good("POD-20", "a repository by reference", f"{APP}.image", "${EksPlatformStack.Repository.RepositoryUri}:1.4.2"),
    _bad("POD-20", "latest by reference", f"{APP}.image", "${EksPlatformStack.Repository.RepositoryUri}:latest"),
    bad(
        "POD-20",
        "a repository whose tags move",
        {
            **cluster_of(),
            "Repository": resource(REPOSITORY["Type"], {**REPOSITORY["Properties"], "ImageTagMutability": "MUTABLE"}),
        },
    ),
    good(
        "POD-20",
        "a repository of CDK's L2",
        {
            "Repository": REPOSITORY,
            "M": resource(
                "Custom::AWSCDK-EKS-KubernetesResource",
                {
                    "Manifest": {
                        "Fn::Join": [
                            "",
                            [
                                '[{"kind": "Pod", "spec": {"containers": [{"image": "',
                                {"Fn::Select": [4, {"Fn::Split": [":", {"Fn::GetAtt": ["Repository", "Arn"]}]}]},
                                ".dkr.ecr.ap-northeast-2.amazonaws.com/",
                                {"Ref": "Repository"},
                                ':1.4.2"}]}}]',
                            ],
                        ]
                    }
                },
            ),
        },
    ),
    _bad("POD-21", "no account", f"{POD}.serviceAccountName", GONE),
    _bad("POD-21", "everybody's account", f"{POD}.serviceAccountName", "default", "default"),
    _bad("POD-22", "Kubernetes's default", f"{POD}.automountServiceAccountToken", GONE),
    _bad("POD-22", "a token without rights", f"{POD}.automountServiceAccountToken", True),
    _with(
        "POD-22",
        "an account with rights",
        changed(DEPLOYMENT, f"{POD}.automountServiceAccountToken", True),
        _BOUND,
        finds=False,
    ),
    _with(
        "POD-22",
        "rights of another namespace's account",
        changed(DEPLOYMENT, f"{POD}.automountServiceAccountToken", True),
        _OTHER_BOUND,
        finds=True,
    ),
    _with(
        "POD-22",
        "an account that mounts none",
        changed(DEPLOYMENT, f"{POD}.automountServiceAccountToken", GONE),
        _WITHOUT_TOKEN,
        finds=False,
    ),
    _with(
        "POD-22",
        "an account that mounts none, and a pod that does",
        changed(DEPLOYMENT, f"{POD}.automountServiceAccountToken", True),
        _WITHOUT_TOKEN,
        finds=True,
    ),
    _bad("POD-23", "a password", f"{APP}.env", [_LONE_KEY], "env DB_PASSWORD"),
    _bad("POD-23", "a parameter as password", f"{APP}.env", [{"name": "REDIS_AUTH_TOKEN", "value": "${Token}"}]),
    _bad("POD-23", "a key under a harmless name", f"{APP}.env", [{"name": "X", "value": "AKIAABCDEFGHIJKLMNOP"}]),
    _bad(
        "POD-23",
        "a password in an address",
        f"{APP}.env",
        [{"name": "DATABASE_URL", "value": "postgres://u:p4ss@db/x"}],
    ),
    _bad(
        "POD-23",
        "a secret that CloudFormation fills in",
        f"{APP}.env",
        [{"name": "X", "value": "{{resolve:secretsmanager:db:SecretString:password}}"}],
    ),
    _bad(
        "POD-23",
        "a Kubernetes secret",
        f"{APP}.env",
        [{"name": "X", "valueFrom": {"secretKeyRef": {"name": "a", "key": "b"}}}],
    ),
    _bad("POD-23", "a whole Kubernetes secret", f"{APP}.envFrom", [{"secretRef": {"name": "a"}}]),
    _bad("POD-23", "an argument", f"{APP}.args", ["--db-password=hunter2"]),
    _bad("POD-23", "an unreadable environment", f"{APP}.env", "${Env}"),
    _bad("POD-23", "an init container's", f"{POD}.initContainers", [{"name": "first", "env": [_LONE_KEY]}]),
    _with("POD-23", "a ConfigMap's", changed(CONFIG, "data.app.yaml", "password: hunter2"), finds=True),
    _with("POD-23", "a ConfigMap's by name", changed(CONFIG, "data.API_KEY", "hunter2"), finds=True),
    _good(
        "POD-23",
        "the field of a pod",
        f"{APP}.env",
        [{"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}],
    ),
    _good(
        "POD-23",
        "a file's name and a number",
        f"{APP}.env",
        [{"name": "TOKEN_FILE", "value": "/var/run/t"}, {"name": "TOKEN_TTL_SECONDS", "value": "300"}],
    ),
)


_OURS = "${EksPlatformStack.Repository.RepositoryUri}"
_RELEASED = f"{_ECR}/cloudmart-lab/auth@${{AuthImage}}"


@pytest.mark.parametrize(
    ("image", "parameter", "finds"),
    [
        (_RELEASED, {"AllowedPattern": "(sha256:[0-9a-f]{64})?"}, False),
        (_RELEASED, {"AllowedPattern": "^sha256:[0-9a-f]{64}$"}, False),
        (f"{_OURS}@${{AuthImage}}", {"AllowedPattern": "sha256:[0-9a-f]{64}"}, False),
        (f"{_OURS}@${{EventImage}}", {"AllowedPattern": "sha256:[0-9a-f]{64}"}, True),
        (_RELEASED.replace("auth@", "payment@"), {"AllowedPattern": "sha256:[0-9a-f]{64}"}, True),
        (_RELEASED.replace("${AWS::AccountId}", "999999999999"), {"AllowedPattern": "sha256:[0-9a-f]{64}"}, True),
        ("${EksPlatformStack.Other.RepositoryUri}@${AuthImage}", {"AllowedPattern": "sha256:[0-9a-f]{64}"}, True),
        (_RELEASED, {}, True),
        (_RELEASED, {"AllowedPattern": ".*"}, True),
        (_RELEASED, {"AllowedPattern": "sha256:[0-9a-f]{64}|latest"}, True),
        ("nginx@${AuthImage}", {"AllowedPattern": "sha256:[0-9a-f]{64}"}, True),
        ("${AuthImage}", {"AllowedPattern": "sha256:[0-9a-f]{64}"}, True),
        (_RELEASED.replace("@", ":"), {"AllowedPattern": "sha256:[0-9a-f]{64}"}, True),
    ],
)
def test_an_image_by_parameter_needs_one_that_admits_digests_only(
    image: str, parameter: dict[str, str], finds: bool
) -> None:
    app = deployment(
        cluster_of(changed(DEPLOYMENT, f"{APP}.image", image)),
        stack="EksPlatformStack",
        template={"Parameters": {name: {"Type": "String", **parameter} for name in ("AuthImage", "EventImage")}},
    )
    assert bool(found(app, "POD-20")) is finds


@each(CASES)
def test_case(case: Case) -> None:
    case.check()


@pytest.mark.parametrize("rule", [rule.id for rule in workloads.RULES])
def test_every_rule_has_a_case_that_it_finds(rule: str) -> None:
    assert any(case.rule == rule and case.bad for case in CASES)


def test_all_rules_are_content_with_a_hardened_service() -> None:
    app = deployment(cluster_of(), stack="EksPlatformStack")
    assert not [finding.text for finding in engine.findings(app, (*workloads.RULES, *kubernetes.RULES))]


def test_a_finding_names_the_object_and_the_container() -> None:
    app = deployment(cluster_of(_PRIVILEGED), stack="EksPlatformStack")
    (finding,) = found(app, "POD-4")
    assert finding.id == "POD-4[Deployment/tiketi/auth/app]"
    assert (
        "Manifest: Deployment tiketi/auth container app securityContext.privileged is true; allowed: false"
        in finding.text
    )


def test_each_container_has_its_own_finding() -> None:
    spoilt = changed(DEPLOYMENT, f"{POD}.containers", _second(securityContext={}))
    app = deployment(
        cluster_of(changed(spoilt, f"{POD}.initContainers", [{"name": "first"}])), stack="EksPlatformStack"
    )
    assert [finding.id for finding in found(app, "POD-6")] == [
        "POD-6[Deployment/tiketi/auth/side]",
        "POD-6[Deployment/tiketi/auth/first]",
    ]


def test_a_secret_is_named_and_never_shown() -> None:
    app = deployment(cluster_of(changed(DEPLOYMENT, f"{APP}.env", [_LONE_KEY])), stack="EksPlatformStack")
    (finding,) = found(app, "POD-23")
    assert finding.id == "POD-23[Deployment/tiketi/auth/app/env-DB_PASSWORD]"
    assert "hunter2" not in finding.text

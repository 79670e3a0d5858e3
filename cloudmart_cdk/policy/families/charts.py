"""POD, continued: Helm charts. Whose they are, in which version, and what they are told.

Owns charts. What they make is in no template, so they are judged by where they come from and by their values; their
namespace (`kubernetes`) holds the rest to the same.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ...namespaces import SERVICES as NAMESPACE
from ..manifests import CHART, SECRET_BY_NAME, is_secret, named_values, secrets_in, value_at
from ..model import MISSING, Deployment, parsed
from ..rule import Found, Rule, shown

_CIS: Final = "CIS Amazon EKS 1.7"
_PSS: Final = 'Kubernetes Pod Security Standards, "restricted"'
_VERSION: Final = re.compile(r"v?\d+\.\d+\.\d+([-+][\w.+-]+)?")
_REPOSITORY: Final = re.compile(r"(https|oci)://(\$\{AWS::AccountId\})?[\w.:/-]+")
_ASSET: Final = re.compile(r"s3://cdk-\w+-assets-\S+/[0-9a-f]{64}\.\w+")
_LOOSE: Final = {
    "privileged": ("true",),
    "allowPrivilegeEscalation": ("true",),
    "hostNetwork": ("true",),
    "hostPID": ("true",),
    "hostIPC": ("true",),
    "runAsNonRoot": ("false",),
    "readOnlyRootFilesystem": ("false",),
    "runAsUser": ("0",),
}
"""Value of a chart -> what it must not be. Where a chart says nothing, its namespace decides."""


_AUTHORS: Final = {
    "aws-load-balancer-controller": "https://aws.github.io/eks-charts",
    "cluster-autoscaler": "https://kubernetes.github.io/autoscaler",
    "metrics-server": "https://kubernetes-sigs.github.io/metrics-server",
    "keda": "https://kedacore.github.io/charts",
    "vertical-pod-autoscaler": "https://kubernetes.github.io/autoscaler",
    "kube-prometheus-stack": "https://prometheus-community.github.io/helm-charts",
}
"""Chart -> its authors' repository, from its own installation page. Stated here once more on purpose: a repository
changed where the chart is installed is noticed."""
_NARROW: Final[Mapping[str, Mapping[str, Any]]] = {
    "aws-load-balancer-controller": {
        "watchNamespace": NAMESPACE,
        "enableBackendSecurityGroup": False,
        "controllerConfig.featureGates.EnableServiceController": False,
        "controllerConfig.featureGates.ALBGatewayAPI": False,
        "controllerConfig.featureGates.NLBGatewayAPI": False,
    },
    "metrics-server": {"apiService.insecureSkipTLSVerify": False},
    "keda": {
        "watchNamespace": NAMESPACE,
        "permissions.operator.restrict.secret": True,
        "permissions.metricServer.restrict.secret": True,
        "rbac.enabledCustomScaledRefKinds": False,
    },
    "vertical-pod-autoscaler": {"admissionController.enabled": False, "updater.enabled": False},
    "kube-prometheus-stack": {
        "prometheusOperator.namespaces.releaseNamespace": True,
        "prometheus.prometheusSpec.arbitraryFSAccessThroughSMs.deny": True,
    },
}
"""Chart -> values without which it takes more rights, or does more, than we need. The charts' own choice is the wider
one, so a value that is missing counts as wrong."""


def _charts_pinned(app: Deployment) -> Iterator[Found]:
    for chart in app.of(CHART):
        asset, version = chart.get("ChartAssetURL"), chart.get("Version")
        if asset is not MISSING:
            if not isinstance(asset, str) or not _ASSET.fullmatch(asset):
                yield Found(chart, shown(asset), "an asset of this app, named by its content", "ChartAssetURL")
        elif not isinstance(version, str) or not _VERSION.fullmatch(version):
            yield Found(chart, shown(version), "one version, as 1.2.3", "Version")


def _charts_known(app: Deployment) -> Iterator[Found]:
    for chart in app.of(CHART):
        if chart.get("ChartAssetURL") is not MISSING:
            continue
        by_address = str(chart.get("Chart")).startswith("oci://")
        where = "Chart" if by_address else "Repository"
        if not isinstance(chart.get(where), str) or not _REPOSITORY.fullmatch(chart.get(where)):
            yield Found(chart, shown(chart.get(where)), "an address that starts with https:// or oci://", where)


def _chart_values(app: Deployment) -> Iterator[Found]:
    for chart in app.of(CHART):
        given = chart.get("Values")
        values = {} if given is MISSING else parsed(given)
        if not isinstance(values, Mapping):
            yield Found(chart, "not readable", "JSON text of values known at synth", "Values", "unreadable")
        for path, value in named_values(values):
            name = path.rpartition(".")[2]
            if str(value).lower() in _LOOSE.get(name, ()) or value in ("LoadBalancer", "NodePort"):
                yield Found(chart, shown(value), "no value that loosens a rule of POD", f"Values: {path}", path)
            elif is_secret(name, value) or any(secrets_in(str(value))):
                yield Found(chart, "a secret in plain text", SECRET_BY_NAME, f"Values: {path}", path)


def _charts_of_authors(app: Deployment) -> Iterator[Found]:
    versions: Mapping[str, str] = {str(name): version for name, version in app.settings.eks.charts.items()}
    for chart in app.of(CHART):
        name = chart.get("Chart")
        if chart.get("ChartAssetURL") is not MISSING:
            continue
        if not isinstance(name, str) or name not in _AUTHORS:
            yield Found(chart, shown(name), f"one of {', '.join(sorted(_AUTHORS))}", "Chart")
            continue
        if chart.get("Repository") != _AUTHORS[name]:
            yield Found(chart, shown(chart.get("Repository")), _AUTHORS[name], "Repository")
        if chart.get("Version") != versions.get(name):
            yield Found(chart, shown(chart.get("Version")), f"eks.charts.{name}: {versions.get(name)}", "Version")


def _charts_narrow(app: Deployment) -> Iterator[Found]:
    for chart in app.of(CHART):
        values = parsed(chart.get("Values"))
        for path, wanted in _NARROW.get(str(chart.get("Chart")), {}).items():
            given = value_at(values, path)
            if given != wanted or isinstance(given, bool) is not isinstance(wanted, bool):
                yield Found(chart, shown(given), shown(wanted), f"Values: {path}", path)


RULES: Final = (
    Rule(
        "POD-36",
        "A chart is pinned to one version, or is an asset of this app",
        "A range, or none, installs what its author published last (NSA/CISA; EKS best practices, Image Security).",
        'state version="1.2.3"',
        _charts_pinned,
    ),
    Rule(
        "POD-37",
        "A chart comes over https or oci",
        "Over http it can be changed on the way, and it runs with an administrator's rights (Helm guide, provenance).",
        "state the repository with https:// or oci://",
        _charts_known,
        acknowledgeable=False,
    ),
    Rule(
        "POD-38",
        "A chart's values loosen no rule of POD and hold no secret",
        f"What a chart makes is not in the template; its values are. {_PSS}; {_CIS} 4.4.2.",
        "take the value out; a controller that cannot do without is acknowledged, with why",
        _chart_values,
    ),
    Rule(
        "POD-40",
        "A chart is one that we know, from its authors' repository and in the version of the settings",
        "It runs with an administrator's rights, under a name that anybody can publish (Kubernetes, supply chain; "
        "NIST SP 800-190, 3.2; specification section 6).",
        "state the version in eks.charts; a chart that is new is added to the table of this rule, and reviewed there",
        _charts_of_authors,
    ),
    Rule(
        "POD-41",
        "Controllers are told to keep to their task: one namespace, no secrets, no load balancers of their own",
        f"{_CIS} 4.1.2; the charts' own choice is wider: KEDA reads every secret of the cluster, the load balancer "
        "controller makes load balancers, the metrics API goes unchecked (specification section 6).",
        "put the value back as constructs/chart_values.py has it",
        _charts_narrow,
    ),
)

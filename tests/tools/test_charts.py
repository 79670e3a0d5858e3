"""The judge of charts, with the real helm: on a small chart of our own, and on the real ones where they are at hand."""

import json
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cloudmart_cdk.settings import load_settings
from tests.support import synthesize
from tools.assembly import Assembly
from tools.charts import __main__ as command
from tools.charts import facts, helm, judge, keys
from tools.charts.effects import without_effect
from tools.charts.releases import OPTIONS, Release, releases

CHARTS = Path(os.environ.get("CLOUDMART_CHARTS", command.FOLDER))
HOW_TO_GET_THEM = "`make charts` says how to fetch them into .cache/charts"
VALUES = """
replicas: 1
image: {repository: example.org/small, tag: ""}
podSecurity: {}
nodeSelector: {}
features: {}
webhook: {port: 9443, extra: {on: false}}
unused: 1
"""
DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: small, namespace: {{ .Release.Namespace }}}
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app: small}}
  template:
    metadata:
      labels: {app: small}
      annotations: {cert: "tls.crt: {{ genCA "small" 1 | toJson | sha256sum }}"}
    spec:
      serviceAccountName: small
      volumes:
      securityContext: {{- toYaml .Values.podSecurity | nindent 8 }}
      nodeSelector: {{- toYaml .Values.nodeSelector | nindent 8 }}
      containers:
        - name: small
          image: "{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"
          args: [{{ range $name, $on := .Values.features }}"--{{ $name }}={{ $on }}", {{ end }}--small]
          ports: [{name: webhook, containerPort: {{ .Values.webhook.port }}}]
          livenessProbe: {tcpSocket: {port: webhook}}
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities: {drop: [ALL]}
{{- if .Values.webhook.extra.on }}
---
apiVersion: v1
kind: List
items: [{apiVersion: v1, kind: Service, metadata: {name: small}, spec: {type: LoadBalancer, ports: [{port: 1}]}}]
{{- end }}
"""
DEFINITION = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: %s, annotations: {%s}}
spec: {pattern: =}
"""
SAFE = {"podSecurity": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}}


@pytest.fixture
def chart(tmp_path: Path) -> Path:
    folder = tmp_path / "small"
    (folder / "templates").mkdir(parents=True)
    (folder / "crds").mkdir()
    (folder / "Chart.yaml").write_text("apiVersion: v2\nname: small\nversion: 1.2.3\nappVersion: v9\n")
    (folder / "values.yaml").write_text(VALUES)
    (folder / "templates" / "deployment.yaml").write_text(DEPLOYMENT)
    (folder / "templates" / "kept.yaml").write_text(DEFINITION % ("kept.example.org", "helm.sh/resource-policy: keep"))
    (folder / "crds" / "once.yaml").write_text(DEFINITION % ("once.example.org", ""))
    return folder


def _release(values: Mapping[str, Any]) -> Release:
    return Release("small", "small", "1.2.3", "platform", "1.35", values, ("lab",))


def test_a_good_chart_passes(chart: Path) -> None:
    assert list(command.check(chart, _release(SAFE))) == []


def test_another_version_than_the_settings_is_refused(chart: Path) -> None:
    (found,) = command.check(chart, replace(_release(SAFE), version="1.2.4"))
    assert "1.2.3" in found
    assert "1.2.4" in found


@pytest.mark.parametrize(
    ("wrong", "finding"),
    [
        ({}, "POD-2"),  # root
        ({**SAFE, "webhook": {"extra": {"on": True}}}, "POD-32"),  # a Service of type LoadBalancer, within a List
        ({**SAFE, "replicas": "two"}, "spec.replicas"),  # the schema's
        ({**SAFE, "replica": 2}, "no such value: replica"),
        ({**SAFE, "image": {"tags": "v1"}}, "no such value: image.tags"),
        ({**SAFE, "image": {"repository": '"'}}, "YAML"),  # what helm itself says
    ],
)
def test_what_is_wrong_is_found(chart: Path, wrong: Mapping[str, Any], finding: str) -> None:
    assert any(finding in line for line in command.check(chart, _release(wrong)))


def test_what_a_chart_takes_as_it_is_may_have_any_name(chart: Path) -> None:
    values = {**SAFE, "features": {"Anything": True}, "nodeSelector": {"a/b": "c"}}
    assert list(command.check(chart, _release(values))) == []


def test_a_value_without_effect_is_found(chart: Path) -> None:
    """Not one that is the chart's own default, and whatever certificate helm draws meanwhile."""
    values = {**SAFE, "unused": 2, "replicas": 1, "image": {"tag": "v10"}}
    assert list(without_effect(chart, _release(values))) == ["unused"]


def test_facts_are_what_helm_made(chart: Path) -> None:
    release = _release({**SAFE, "image": {"tag": "v10"}})
    found = facts.of(chart, release, helm.template(chart, release, crds=True), {"commit": "abc"})
    assert (found["version"], found["source"]) == ("1.2.3", {"commit": "abc"})
    assert found["crds"] == {"once": ["once.example.org"], "kept": ["kept.example.org"], "with_release": []}
    (workload,) = found["workloads"].values()
    assert workload["labels"] == {"app": "small"}
    assert workload["containers"]["small"]["image"] == "example.org/small:v10"
    assert workload["containers"]["small"]["ports"] == {"webhook": 9443}
    # Only what is set is kept whole, and a name below the others is told apart from one that is known.
    assert found["values"]["image"] == {"repository": keys.ANY, "tag": keys.ANY}
    assert found["values"]["webhook"] == keys.MORE
    assert list(keys.unknown({"webhook": {"port": 1}}, found["values"])) == ["webhook"]


def test_values_of_a_subchart_stand_under_its_name(chart: Path) -> None:
    below = chart / "charts" / "below"
    (below / "templates").mkdir(parents=True)
    (below / "Chart.yaml").write_text("apiVersion: v2\nname: below\nversion: 1.0.0\n")
    (below / "values.yaml").write_text("size: 1\n")
    (below / "templates" / "map.yaml").write_text("{{ .Values.size }}{{ .Values.depth }}")
    known = keys.known(chart)
    assert list(keys.unknown({"below": {"size": 2, "depth": 3, "width": 4}}, known)) == ["below.width"]


def test_a_release_is_read_out_of_the_template(tmp_path: Path) -> None:
    """Values with a reference in their midst, as CDK joins them; stages that install the same count once."""
    chart = {
        "Type": "Custom::AWSCDK-EKS-HelmChart",
        "Properties": {
            "Release": "small",
            "Chart": "small",
            "Version": "1.2.3",
            "Namespace": "platform",
            "Values": {"Fn::Join": ["", ['{"vpc":"', {"Ref": "Vpc"}, '","port":9443}']]},
        },
    }
    cluster = {"Type": "AWS::EKS::Cluster", "Properties": {"Version": "1.35"}}
    template = {"Resources": {"Chart": chart, "Cluster": cluster}}
    (tmp_path / "t.json").write_text(json.dumps(template))
    stack = {"type": "aws:cloudformation:stack", "properties": {"templateFile": "t.json"}}
    (tmp_path / "manifest.json").write_text(json.dumps({"artifacts": {"Eks": stack}}))
    (found,) = releases({"lab": Assembly(tmp_path), "dev": Assembly(tmp_path)})
    assert (found.chart, found.kubernetes, found.stages) == ("small", "1.35", ("lab", "dev"))
    assert found.values["port"] == 9443
    assert isinstance(found.values["vpc"], str)


def test_rules_for_pods_are_all_of_restricted() -> None:
    assert {f"POD-{number}" for number in range(2, 17)} <= {rule.id for rule in judge.RULES}


@pytest.fixture(scope="module")
def installed() -> list[Release]:
    """Every chart there is, as lab and prod install it."""
    return releases({stage: Assembly(synthesize({"stage": stage, **OPTIONS}).folder) for stage in ("lab", "prod")})


@pytest.mark.skipif(not CHARTS.is_dir(), reason=f"charts are not at hand: CLOUDMART_CHARTS, or {command.FOLDER.name}")
def test_the_real_charts_take_our_values(installed: list[Release]) -> None:
    found = {release.label: list(command.check(CHARTS / release.chart, release)) for release in installed}
    assert {label: lines for label, lines in found.items() if lines} == {}


@pytest.mark.skipif(not CHARTS.is_dir(), reason=f"charts are not at hand: CLOUDMART_CHARTS, or {command.FOLDER.name}")
def test_facts_are_current(installed: list[Release]) -> None:
    recorded = facts.read()
    for release in installed:
        chart = CHARTS / release.chart
        source = recorded[release.chart]["source"]
        assert facts.of(chart, release, helm.template(chart, release, crds=True), source) == recorded[release.chart]


def test_recorded_charts_are_those_that_are_installed(installed: list[Release]) -> None:
    """Values of every chart and stage are names that the recorded chart knows, options included."""
    recorded = facts.read()
    assert recorded.keys() == {release.chart for release in installed} == load_settings({}).eks.charts.keys()
    for release in installed:
        assert recorded[release.chart]["version"] == release.version
        assert list(keys.unknown(release.values, recorded[release.chart]["values"])) == []

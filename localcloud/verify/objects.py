"""EksPlatformStack: what is recorded as in the cluster, and what stands in for its pods.

Expectations come from the settings, but for one: that every object of a manifest is recorded, which the template says.
"""

import json
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any, Final

from cloudmart_cdk import namespaces, service_releases
from cloudmart_cdk.settings.model import Service
from cloudmart_cdk.settings.topology import EKS
from localcloud.recorded import Everything, Recorded, namespace_of
from localcloud.verify.table import Check
from localcloud.verify.view import View
from localcloud.workloads import images, replicas

_MANIFEST: Final = "Custom::AWSCDK-EKS-KubernetesResource"
_UNRESOLVED: Final = re.compile(r'\$\{Token\[|\{\{resolve:|"Fn::|"Ref": ')
_CHART_NAMESPACES: Final = {"kube-prometheus-stack": namespaces.MONITORING}
"""Chart -> namespace, where it is not the controllers'."""
_HEALTHY_SECONDS: Final = 20.0
_LOOK_SECONDS: Final = 0.2


def checks(view: View) -> Iterator[Check]:
    if not view.of(EKS, "AWS::EKS::Cluster"):
        return
    recorded = view.objects
    yield from _as_templates(view, recorded)
    yield from _charts(view, recorded)
    yield from _identities(view, recorded)
    yield from _bindings(view, recorded)
    for name, service in view.settings.eks.services.items():
        yield from _service(view, recorded, name, service)
    yield from _stand_ins(view, recorded)


def _as_templates(view: View, recorded: Everything) -> Iterator[Check]:
    stack = view.stacks[EKS]
    template = view.client("cloudformation").get_template(StackName=stack.name)["TemplateBody"]
    for entry in stack.of(_MANIFEST):
        text = _text(template["Resources"][entry.logical_id]["Properties"]["Manifest"])
        wanted = sorted(f"{o['kind']} {namespace_of(o)}/{o['metadata']['name']}" for o in json.loads(text))
        mine = [o for o in recorded.objects if (o.stack, o.id) == (stack.name, entry.logical_id) and not o.left]
        found = sorted(f"{o.kind} {o.namespace}/{o.name}" for o in mine)
        yield Check(f"objects of {entry.logical_id}", wanted, found)
    unresolved = [f"{o.kind} {o.name}" for o in recorded.objects if _UNRESOLVED.search(json.dumps(o.manifest))]
    yield Check("objects with a token that is not resolved", [], unresolved)
    yield Check(
        "objects that no manifest names any more", [], [f"{o.kind} {o.name}" for o in recorded.objects if o.left]
    )


def _text(value: Any) -> str:
    """A manifest's text as the template has it, with something in the place of every token."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        if "Fn::Join" in value:
            separator, parts = value["Fn::Join"]
            return str(separator).join(map(_text, parts))
        if "Fn::If" in value:
            # Both ways have the same objects; inside of a text both are a word or a number.
            return _text(value["Fn::If"][2])
    return str(value) if isinstance(value, int) else "0"


def _charts(view: View, recorded: Everything) -> Iterator[Check]:
    eks = view.settings.eks
    optional = {"vertical-pod-autoscaler": eks.vertical_recommendations, "kube-prometheus-stack": eks.prometheus}
    wanted = {
        chart: (version, _CHART_NAMESPACES.get(chart, namespaces.CONTROLLERS))
        for chart, version in eks.charts.items()
        if optional.get(chart, True)
    }
    found = {chart.chart: (chart.version, chart.namespace) for chart in recorded.charts}
    yield Check("charts, (version, namespace)", wanted, found)


def _identities(view: View, recorded: Everything) -> Iterator[Check]:
    """A service account of a manifest, or one that a chart or an add-on makes by that name."""
    eks, cluster = view.client("eks"), view.of(EKS, "AWS::EKS::Cluster")[0].physical_id
    pages = eks.get_paginator("list_pod_identity_associations").paginate(clusterName=cluster)
    associations = [(a["namespace"], a["serviceAccount"]) for page in pages for a in page["associations"]]
    accounts = {(account.namespace, account.name) for account in recorded.of("ServiceAccount")}
    for chart in recorded.charts:
        # A chart names its account after the release, unless it is told another name.
        accounts |= {(chart.namespace, name) for name in (chart.release, *_account_names(chart.values))}
    own = {namespaces.SERVICES, *_CHART_NAMESPACES.values(), namespaces.CONTROLLERS}
    lost = sorted(f"{space}/{name}" for space, name in associations if space in own and (space, name) not in accounts)
    yield Check("Pod Identity associations without a service account", [], lost)
    services = sorted(view.settings.eks.services)
    yield Check(
        "services with an identity", services, sorted(n for space, n in associations if space == namespaces.SERVICES)
    )


def _account_names(values: Any) -> Iterator[str]:
    """Names of service accounts in a chart's values, at every depth."""
    if isinstance(values, dict):
        account = values.get("serviceAccount")
        if isinstance(account, dict) and isinstance(account.get("name"), str):
            yield account["name"]
        for inner in values.values():
            yield from _account_names(inner)


def _bindings(view: View, recorded: Everything) -> Iterator[Check]:
    arns = [entry.physical_id for entry in view.of(EKS, "AWS::ElasticLoadBalancingV2::TargetGroup")]
    bound = [
        binding.manifest["spec"]["targetGroupARN"] for binding in recorded.of("TargetGroupBinding", namespaces.SERVICES)
    ]
    yield Check("target groups, each bound once", sorted(arns), sorted(bound))
    described = {
        group["TargetGroupArn"]: group
        for arn in arns
        for group in view.client("elbv2").describe_target_groups(TargetGroupArns=[arn])["TargetGroups"]
    }
    for binding in recorded.of("TargetGroupBinding", namespaces.SERVICES):
        spec = binding.manifest["spec"]
        group = described.get(spec["targetGroupARN"], {})
        service = recorded.find("Service", namespaces.SERVICES, spec["serviceRef"]["name"])
        ports = {port["port"] for port in service.manifest["spec"]["ports"]} if service else set()
        fits = (group.get("TargetType"), {spec["serviceRef"]["port"]})
        yield Check(f"binding {binding.name}, target type and port of its Service", fits, (spec["targetType"], ports))
        yield Check(f"binding {binding.name}, port of its target group", spec["serviceRef"]["port"], group.get("Port"))


def _service(view: View, recorded: Everything, name: str, service: Service) -> Iterator[Check]:
    """The row of the service table, in what its objects say."""
    values, own = view.stacks[EKS].parameters, service_releases.parameters(name)
    minimum = int(values[own.minimum] or 0) or service.replicas
    stable, canary = both = [service_releases.track_name(name, track) for track in service_releases.Track]
    tracks = {stable: values[own.image]} | ({canary: digest} if (digest := values[own.canary_image]) else {})
    kinds = {"Deployment": sorted(tracks), "Service": both, "TargetGroupBinding": both}
    kinds |= {kind: [name] for kind in ("ServiceAccount", "PodDisruptionBudget", "NetworkPolicy")}
    for kind, wanted in kinds.items():
        found = sorted(o.name for o in recorded.of(kind, namespaces.SERVICES) if o.name in both)
        yield Check(f"{name}: {kind}", wanted, found)
    for track, digest in tracks.items():
        deployment = recorded.find("Deployment", namespaces.SERVICES, track)
        if deployment is None:
            continue  # a failed check already
        yield Check(f"{track}: image", [_image(view, name, digest)], images(deployment))
        yield Check(f"{track}: pods at least", minimum, replicas(recorded, deployment))
        yield Check(f"{track}: most", service.hpa_max, _most(recorded, track))
        yield from _container(track, deployment, service)


def _image(view: View, name: str, digest: str) -> str:
    if not digest:
        return view.settings.eks.stand_in
    registry = f"{view.cloud.account}.dkr.ecr.{view.cloud.region}.amazonaws.com"
    return f"{registry}/{view.settings.names.repository(name)}@{digest}"


def _most(recorded: Everything, deployment: str) -> int | None:
    for kind, maximum in (("HorizontalPodAutoscaler", "maxReplicas"), ("ScaledObject", "maxReplicaCount")):
        for scaler in recorded.of(kind, namespaces.SERVICES):
            if scaler.manifest["spec"]["scaleTargetRef"]["name"] == deployment:
                return int(scaler.manifest["spec"][maximum])
    return None


def _container(track: str, deployment: Recorded, service: Service) -> Iterator[Check]:
    (container,) = deployment.manifest["spec"]["template"]["spec"]["containers"]
    yield Check(f"{track}: ports", [service.port], [port["containerPort"] for port in container["ports"]])
    resources = container["resources"]
    found = {
        f"{what} {bound}": _amount(resources[bound].get(what))
        for bound in ("requests", "limits")
        for what in ("cpu", "memory")
    }
    wanted = {
        "cpu requests": float(service.cpu_request),
        "memory requests": float(service.memory_request),
        "cpu limits": float(service.cpu_limit),
        "memory limits": float(service.memory_limit),
    }
    yield Check(f"{track}: millicores and MiB", wanted, found)


def _amount(quantity: Any) -> float | None:
    """Millicores, or MiB."""
    text = str(quantity)
    for unit, factor in (("Mi", 1.0), ("Gi", 1024.0), ("m", 1.0)):
        if text.endswith(unit):
            return float(text.removesuffix(unit)) * factor
    return float(text) * 1000 if text.isdecimal() else None


def _stand_ins(view: View, recorded: Everything) -> Iterator[Check]:
    """Each service answers behind the load balancer, with the image that its parameter says. No image is run."""
    host, elb = view.platform_host(), view.client("elbv2")
    values, deadline = view.stacks[EKS].parameters, time.monotonic() + _HEALTHY_SECONDS

    def until(wanted: Any, look: Callable[..., Any], *given: Any) -> Any:
        while (found := look(*given)) != wanted and time.monotonic() < deadline:
            time.sleep(_LOOK_SECONDS)
        return found

    for name, service in view.settings.eks.services.items():
        own, binding = service_releases.parameters(name), recorded.find("TargetGroupBinding", namespaces.SERVICES, name)
        if values[own.canary_image] or binding is None:
            continue  # a release under way, whose shares are its own; or a failed check already
        minimum = int(values[own.minimum] or 0) or service.replicas
        group = binding.manifest["spec"]["targetGroupARN"]
        states = until(["healthy"] * minimum, _states, elb, group)
        yield Check(f"{name}: stand-ins in the target group", ["healthy"] * minimum, states)
        wanted = (200, name, _image(view, name, values[own.image]))
        answer = until(wanted, _asked, f"{view.cloud.endpoint}{service.path}", host)
        yield Check(f"{service.path} is answered by a stand-in: status, service, image", wanted, answer)


def _states(elb: Any, group: str) -> list[str]:
    targets = elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    return [target["TargetHealth"]["State"] for target in targets]


def _asked(url: str, host: str) -> tuple[int, str, str]:
    request = urllib.request.Request(url, headers={"Host": host})
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=20) as answer:
            content = json.loads(answer.read())
            return int(answer.status), str(content.get("service")), str(content.get("image"))
    except urllib.error.HTTPError as error:
        with error:
            return error.code, "", ""
    except ValueError:
        return 200, "no JSON", ""

"""Application Load Balancers: targets, health, weights.

Faults: a target group's declared targets are dropped; targets are told apart by address alone, so
that two processes of one machine are one target; they are chosen at random and always healthy; one that leaves
while it has requests does not drain; of a weighted action only the first group is kept, and no stickiness.
"""

import asyncio
import random
import threading
import time
from typing import Any

from ministack.services import alb
from ministack.services.cloudformation import provisioners

from localcloud.server import patching
from localcloud.server.mends import health, hooks
from localcloud.server.resource import Properties, flag

_turns: dict[str, int] = {}
_lock = threading.Lock()
membership = threading.Lock()
"""Held by whoever changes a target group's list: two that read it, then write it, would bring a target back."""
_draining: dict[str, list[tuple[health.Target, float]]] = {}
"""Target group -> targets that left it, and until when (monotonic) they may finish what they have."""


def _declared_targets(physical_id: str, properties: Properties) -> None:
    if properties.get("Targets"):
        keys = ("Id", "Port", "AvailabilityZone")
        declared = [{key: target[key] for key in keys if key in target} for target in properties["Targets"]]
        alb._targets[physical_id] = declared


def _key(target: health.Target, group: health.Group) -> tuple[str, int]:
    return str(target["Id"]), int(target.get("Port") or group.get("Port") or 80)


def _not_found(arn: str) -> Any:
    return alb._error("TargetGroupNotFound", f"Target group '{arn}' not found.")


def _register(params: dict[str, Any]) -> Any:
    arn = alb._p(params, "TargetGroupArn")
    group = alb._tgs.get(arn)
    if group is None:
        return _not_found(arn)
    with membership:
        registered = alb._targets.setdefault(arn, [])
        known = {_key(target, group) for target in registered}
        registered += [t for t in alb._parse_targets_param(params) if _key(t, group) not in known]
    return alb._empty("RegisterTargets")


def _deregister(params: dict[str, Any]) -> Any:
    arn = alb._p(params, "TargetGroupArn")
    group = alb._tgs.get(arn)
    if group is None:
        return _not_found(arn)
    leaving = alb._parse_targets_param(params)
    everywhere = {str(target["Id"]) for target in leaving if not target.get("Port")}
    exactly = {_key(target, group) for target in leaving}
    with membership:
        before = alb._targets.get(arn, [])
        staying = [t for t in before if str(t["Id"]) not in everywhere and _key(t, group) not in exactly]
        until = time.monotonic() + health.deregistration_delay(arn)
        _draining[arn] = [*_still_draining(arn, group), *((t, until) for t in before if t not in staying)]
        alb._targets[arn] = staying
    return alb._empty("DeregisterTargets")


def _still_draining(arn: str, group: health.Group) -> list[tuple[health.Target, float]]:
    """What has left and not finished; without a request under way a deregistration is complete at once."""
    now, registered = time.monotonic(), {_key(target, group) for target in alb._targets.get(arn, [])}
    return [
        (target, until)
        for target, until in _draining.get(arn, [])
        if now < until and health.busy(health.address(target, group)) and _key(target, group) not in registered
    ]


def _describe_health(params: dict[str, Any]) -> Any:
    arn = alb._p(params, "TargetGroupArn")
    group = alb._tgs.get(arn)
    if group is None:
        return _not_found(arn)
    asked = {str(target["Id"]) for target in alb._parse_targets_param(params)}
    members = ""
    for target in alb._targets.get(arn, []):
        if asked and str(target["Id"]) not in asked:
            continue
        members += _health_xml(target, group, health.of(target, group))
    for target, _ in _still_draining(arn, group):
        if not asked or str(target["Id"]) in asked:
            members += _health_xml(target, group, health.Health("draining", "Target.DeregistrationInProgress"))
    answer = f"<TargetHealthDescriptions>{members}</TargetHealthDescriptions>"
    return alb._xml(200, "DescribeTargetHealth", answer)


def _health_xml(target: health.Target, group: health.Group, found: health.Health) -> str:
    why = f"<Reason>{found.reason}</Reason>" if found.reason else ""
    identifier, port = _key(target, group)
    return (
        f"<member><Target><Id>{identifier}</Id><Port>{port}</Port></Target>"
        f"<TargetHealth><State>{found.state}</State>{why}</TargetHealth></member>"
    )


def _health_of_all(targets: list[health.Target], group: health.Group) -> list[health.Target]:
    return [target for target in targets if health.of(target, group).state == "healthy"]


def _forward_in_turn() -> None:
    forward = alb._forward_to_tg

    async def forward_in_turn(
        arn: str,
        method: str,
        path: str,
        headers: Any,
        body: Any,
        query: Any,
        raw_query: str | None = None,
        raw_path: str | None = None,
    ) -> Any:
        group, registered = alb._tgs.get(arn), alb._targets.get(arn, [])
        if not group or not registered or group.get("TargetType") == "lambda":
            return await forward(arn, method, path, headers, body, query, raw_query, raw_path)
        # With no healthy target an ALB fails open: it tries them all.
        able = await asyncio.to_thread(_health_of_all, registered, group) or registered
        # Meanwhile some may have left.
        able = [target for target in able if target in alb._targets.get(arn, [])] or able
        with _lock:
            turn = _turns[arn] = _turns.get(arn, -1) + 1
        host, port = health.address(able[turn % len(able)], group)
        with health.request_to((host, port)):
            return await alb._proxy_http_target(
                {"Id": host, "Port": port}, group, method, raw_path or path, headers, body, query, raw_query
            )

    alb._forward_to_tg = forward_in_turn


def _weights(action: dict[str, Any]) -> list[tuple[str, int]]:
    """The action's groups and weights, from a template or from the API."""
    groups = (action.get("ForwardConfig") or {}).get("TargetGroups") or []
    weights = [(group["TargetGroupArn"], int(group.get("Weight", 1))) for group in groups]
    return weights or [(action.get("TargetGroupArn", ""), 1)]


def _choose(action: dict[str, Any]) -> str:
    groups, weights = zip(*_weights(action), strict=True)
    if not any(weights):
        return str(groups[0])
    return str(random.choices(groups, weights)[0])


def _forward_config_xml(action: dict[str, Any]) -> str:
    if action["Type"].lower() != "forward":
        return ""
    members = "".join(
        f"<member><TargetGroupArn>{arn}</TargetGroupArn><Weight>{weight}</Weight></member>"
        for arn, weight in _weights(action)
    )
    sticky = (action.get("ForwardConfig") or {}).get("TargetGroupStickinessConfig") or {}
    seconds = f"<DurationSeconds>{sticky['DurationSeconds']}</DurationSeconds>" if "DurationSeconds" in sticky else ""
    choice = f"<Enabled>{str(flag(sticky.get('Enabled', False))).lower()}</Enabled>{seconds}"
    return (
        f"<ForwardConfig><TargetGroups>{members}</TargetGroups>"
        f"<TargetGroupStickinessConfig>{choice}</TargetGroupStickinessConfig></ForwardConfig>"
    )


def _refused(action: dict[str, Any]) -> str:
    """Why Elastic Load Balancing would refuse the action; empty where it would not."""
    groups = [arn for arn, _ in _weights(action)]
    sticky = (action.get("ForwardConfig") or {}).get("TargetGroupStickinessConfig") or {}
    held = [a for arn in groups for a in alb._tg_attrs.get(arn) or [] if a["Key"] == "stickiness.enabled"]
    if len(groups) > 1 and any(flag(a["Value"]) for a in held) and not flag(sticky.get("Enabled", False)):
        return "You must enable group stickiness on a rule if you enabled target stickiness on one of its target groups"
    return ""


def _modify_rule(params: dict[str, Any]) -> Any:
    for action in alb._parse_actions(params, "Actions"):
        if why := _refused(action):
            return alb._error("InvalidConfigurationRequest", why)
    return _original_modify_rule(params)


_original_modify_rule = alb._modify_rule


def _from_template(action: dict[str, Any], entry: dict[str, Any], load_balancer: str) -> None:
    if action.get("ForwardConfig"):
        entry["ForwardConfig"] = action["ForwardConfig"]
        if why := _refused(action):
            raise ValueError(why)
    for arn, _ in _weights(action):
        group = alb._tgs.get(arn)
        if group is not None and load_balancer and load_balancer not in group.get("LoadBalancerArns", []):
            group.setdefault("LoadBalancerArns", []).append(load_balancer)


def _from_api(params: dict[str, Any], base: str) -> dict[str, Any]:
    groups: list[dict[str, Any]] = []
    while arn := alb._p(params, f"{base}.ForwardConfig.TargetGroups.member.{len(groups) + 1}.TargetGroupArn"):
        weight = alb._p(params, f"{base}.ForwardConfig.TargetGroups.member.{len(groups) + 1}.Weight", "1")
        groups.append({"TargetGroupArn": arn, "Weight": int(weight)})
    if not groups:
        return {}
    config: dict[str, Any] = {"TargetGroups": groups}
    if enabled := alb._p(params, f"{base}.ForwardConfig.TargetGroupStickinessConfig.Enabled"):
        seconds = alb._p(params, f"{base}.ForwardConfig.TargetGroupStickinessConfig.DurationSeconds")
        config["TargetGroupStickinessConfig"] = {
            "Enabled": enabled,
            **({"DurationSeconds": seconds} if seconds else {}),
        }
    return {"ForwardConfig": config, "TargetGroupArn": groups[0]["TargetGroupArn"]}


def _keep_weights() -> None:
    patching.edit(
        provisioners._elbv2_listener_actions,
        old="        if tg_arn:\n",
        new="        _localcloud_from_template(action, entry, lb_arn)\n        if tg_arn:\n",
        names={"_localcloud_from_template": _from_template},
    )
    patching.edit(
        alb._parse_actions,
        old='        rc_code = _p(params, f"{prefix}.member.{i}.RedirectConfig.StatusCode")\n',
        new='        action.update(_localcloud_from_api(params, f"{prefix}.member.{i}"))\n'
        '        rc_code = _p(params, f"{prefix}.member.{i}.RedirectConfig.StatusCode")\n',
        names={"_localcloud_from_api": _from_api},
    )
    patching.edit(
        alb._action_xml,
        old='    if "RedirectConfig" in a:',
        new='    inner += _localcloud_forward_config_xml(a)\n    if "RedirectConfig" in a:',
        names={"_localcloud_forward_config_xml": _forward_config_xml},
    )
    patching.edit(
        alb._execute_action,
        old='tg_arn = action.get("TargetGroupArn", "")',
        new="tg_arn = _localcloud_choose(action)",
        names={"_localcloud_choose": _choose},
    )


def _refuse_protected(physical_id: str, _: Properties) -> None:
    if alb._lb_attr(physical_id, "deletion_protection.enabled", "false") == "true":
        raise ValueError(f"Load balancer '{physical_id}' cannot be deleted because deletion protection is enabled")


def install() -> None:
    hooks.after("AWS::ElasticLoadBalancingV2::TargetGroup", _declared_targets)
    hooks.before_delete("AWS::ElasticLoadBalancingV2::LoadBalancer", _refuse_protected)
    actions = {
        "RegisterTargets": _register,
        "DeregisterTargets": _deregister,
        "DescribeTargetHealth": _describe_health,
        "ModifyRule": _modify_rule,
    }
    tables = [table for table in vars(alb).values() if isinstance(table, dict) and "RegisterTargets" in table]
    if not tables:
        raise patching.PatchError("MiniStack's load balancer has no table of actions")
    for table in tables:
        table.update(actions)
    _forward_in_turn()
    _keep_weights()

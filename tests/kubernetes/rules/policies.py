"""Network policies that do what they look like: they mean somebody, in both directions, on ports that exist."""

from collections.abc import Iterator, Mapping
from ipaddress import ip_network
from typing import Any, Final

from cloudmart_cdk.policy.manifests import Object
from cloudmart_cdk.policy.model import MISSING, as_list
from tests.kubernetes.rules.rule import Found, Rule, at, place
from tests.kubernetes.selectors import matches
from tests.kubernetes.world import Pods, World

_SIDES: Final = (("ingress", "from", "Ingress"), ("egress", "to", "Egress"))


def _selects(world: World) -> Found:
    for policy in world.of("NetworkPolicy"):
        selector = policy.get("spec.podSelector")
        if selector and not world.ever_selected(policy.namespace, selector):
            yield place(policy), "its podSelector means no pod"


def _peers(world: World) -> Found:
    for policy in world.of("NetworkPolicy"):
        for side, number, peer, _ in rules_of(policy):
            if "ipBlock" not in peer and not peers(world, policy, peer):
                yield place(policy), f"{side} rule {number}: a peer that is no pod: {dict(peer)}"


def _blocks(world: World) -> Found:
    for policy in world.of("NetworkPolicy"):
        for side, number, peer, _ in rules_of(policy):
            block = peer.get("ipBlock")
            if block and not _legal(block):
                yield place(policy), f"{side} rule {number}: {block} is no range, or spares what is not in it"


def _legal(block: Mapping[str, Any]) -> bool:
    try:
        whole = ip_network(str(block.get("cidr")))
        return all(ip_network(str(each)).subnet_of(whole) for each in as_list(block.get("except") or []))  # type: ignore[arg-type]  # of one version, or TypeError
    except (ValueError, TypeError):
        return False


def _types(world: World) -> Found:
    for policy in world.of("NetworkPolicy"):
        stated = as_list(policy.get("spec.policyTypes") or [])
        for side, _, type_ in _SIDES:
            if policy.get(f"spec.{side}") is not MISSING and type_ not in stated:
                yield place(policy), f"has {side} rules that do not count: {type_} is not in policyTypes"


def _ports(world: World) -> Found:
    for policy in world.of("NetworkPolicy"):
        own = world.ever_selected(policy.namespace, policy.get("spec.podSelector"))
        for side, number, peer, ports in rules_of(policy):
            listening = own if side == "ingress" else peers(world, policy, peer)
            for port in ports:
                for pods in listening:
                    if pods.spec and pods.port(port.get("port")) is None:
                        yield place(policy), f"{side} rule {number}: {at(pods)} has no port {port.get('port')}"


def _both_ends(world: World) -> Found:
    """What one end lets out the other has to let in. Of the pods that a rule lets in it is enough if they may come to
    one: a policy holds for both tracks of a service."""
    for policy in world.of("NetworkPolicy"):
        own = world.ever_selected(policy.namespace, policy.get("spec.podSelector"))
        for side, number, peer, ports in rules_of(policy):
            for other in peers(world, policy, peer):
                for port in ports:
                    open_to = [
                        one is other
                        or _admits(
                            world, other, one, side, (one if side == "ingress" else other).port(port.get("port"))
                        )
                        for one in own
                    ]
                    if own and not (any(open_to) if side == "ingress" else all(open_to)):
                        yield place(policy), f"{side} rule {number}: {at(other)} is not open to {at(own[0])} for it"


def _admits(world: World, one: Pods, other: Pods, side: str, port: int | None) -> bool:
    """Whether `one`'s policies let `other` in (if `side`, of the other's rule, is egress), or itself out to it."""
    wanted, type_ = ("egress", "Egress") if side == "ingress" else ("ingress", "Ingress")
    policies = [
        policy
        for policy in world.of("NetworkPolicy")
        if policy.namespace == one.namespace and matches(policy.get("spec.podSelector"), one.labels)
    ]
    limiting = [policy for policy in policies if type_ in as_list(policy.get("spec.policyTypes") or [])]
    listener = other if wanted == "egress" else one
    return not limiting or any(
        other in peers(world, policy, peer) and any(listener.port(each.get("port")) == port for each in ports)
        for policy in limiting
        for rule_side, _, peer, ports in rules_of(policy)
        if rule_side == wanted
    )


def rules_of(policy: Object) -> Iterator[tuple[str, int, Mapping[str, Any], list[Mapping[str, Any]]]]:
    """(side, number of the rule, peer, ports), peer by peer."""
    for side, key, _ in _SIDES:
        for number, rule in enumerate(as_list(policy.get(f"spec.{side}") or [])):
            for peer in as_list(rule.get(key) or []):
                yield side, number, peer, as_list(rule.get("ports") or [])


def peers(world: World, policy: Object, peer: Mapping[str, Any]) -> list[Pods]:
    """Pods that a peer means. Without a namespaceSelector those of the policy's own namespace; a range means none."""
    if "ipBlock" in peer:
        return []
    spaces = [policy.namespace]
    if "namespaceSelector" in peer:
        spaces = [name for name, labels in world.namespaces.items() if matches(peer["namespaceSelector"], labels)]
    return [pods for space in spaces for pods in world.ever_selected(space, peer.get("podSelector", {}))]


RULES: Final = (
    Rule("policy-selects", _selects),
    Rule("policy-peer", _peers),
    Rule("policy-block", _blocks),
    Rule("policy-type", _types),
    Rule("policy-port", _ports),
    Rule("policy-both-ends", _both_ends),
)

"""Tiketi's load balancer, as somebody on this machine reaches it.

Owns the name to ask by and the line that people copy; who answers are stand-ins (`localcloud.server.pods`).
"""

from typing import Any, Final

from localcloud.objects import STAND_INS
from localcloud.state import Cloud

_HTTPS: Final = 443


def host(cloud: Cloud, elb: Any) -> str:
    """`Host` of a request that reaches the services; empty without the load balancer. `elb`: a boto3 client."""
    return _front(cloud, elb)[0]


def line(cloud: Cloud, elb: Any) -> str:
    """For people: a command that asks a service, and who will answer; empty without the load balancer."""
    name, path = _front(cloud, elb)
    return f"Tiketi: curl -H 'Host: {name}' {cloud.endpoint}{path}  ({STAND_INS})" if path else ""


def _front(cloud: Cloud, elb: Any) -> tuple[str, str]:
    """The load balancer's name, with the port of its main listener where that is not 80; and a path that it knows."""
    for balancer in elb.describe_load_balancers()["LoadBalancers"]:
        if balancer["LoadBalancerName"] == f"{cloud.prefix}-tiketi":
            listeners = elb.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
            # With a domain port 80 redirects; the emulator knows listeners by the port that the name ends with.
            for listener in sorted(listeners, key=lambda each: each["Port"] != _HTTPS):
                port = f":{_HTTPS}" if listener["Port"] == _HTTPS else ""
                return f"{balancer['DNSName']}{port}", _first_path(elb, listener["ListenerArn"])
    return "", ""


def _first_path(elb: Any, listener: str) -> str:
    rules = [rule for rule in elb.describe_rules(ListenerArn=listener)["Rules"] if not rule["IsDefault"]]
    for rule in sorted(rules, key=lambda each: int(each["Priority"])):
        for condition in rule["Conditions"]:
            if condition["Field"] == "path-pattern":
                return str(condition["Values"][0])
    return ""

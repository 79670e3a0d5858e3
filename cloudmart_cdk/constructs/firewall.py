"""The security groups, made from the table in `security_groups`.

Owns every security group and every rule of this application. What it hands out is immutable: a construct
that would open a port behind our back (a listener, a proxy, EKS) finds that it cannot.
"""

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from ..acknowledge import acknowledge
from ..security_groups import ANYWHERE, PURPOSE, Group, Rule, inline


class Firewall(Construct):
    """All groups of a stage. `firewall[Group.DB]` is a group to attach, never to extend."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        prefix: str,
        vpc: ec2.IVpc,
        groups: tuple[Group, ...],
        rules: tuple[Rule, ...],
    ) -> None:
        super().__init__(scope, id)
        self._prefix = prefix
        vpc_id = vpc.vpc_id
        made = {group: self._make(group, vpc_id, inline(group, rules)) for group in groups}
        ids = {group: resource.attr_group_id for group, resource in made.items()}
        for rule in rules:
            if isinstance(rule.peer, Group):
                self._connect(rule, ids[rule.group], ids[rule.peer])
        self._groups = {
            group: ec2.SecurityGroup.from_security_group_id(self, f"{group}Group", id_, mutable=False)
            for group, id_ in ids.items()
        }

    def __getitem__(self, group: Group) -> ec2.ISecurityGroup:
        """The group; `KeyError` when the stage has none (proxy, endpoints)."""
        return self._groups[group]

    def _make(self, group: Group, vpc_id: str, rows: tuple[Rule, ...]) -> ec2.CfnSecurityGroup:
        made = ec2.CfnSecurityGroup(
            self,
            group,
            vpc_id=vpc_id,
            group_description=PURPOSE[group],
            tags=[cdk.CfnTag(key="Name", value=f"{self._prefix}-{group}")],
            security_group_ingress=[
                ec2.CfnSecurityGroup.IngressProperty(
                    ip_protocol=rule.protocol,
                    from_port=rule.ports and rule.ports[0],
                    to_port=rule.ports and rule.ports[1],
                    cidr_ip=None if rule.peer.startswith("pl-") else rule.peer,
                    source_prefix_list_id=rule.peer if rule.peer.startswith("pl-") else None,
                    description=rule.description,
                )
                for rule in rows
                if rule.direction == "ingress"
            ]
            or None,
            # Rules towards other groups are resources of their own, because groups name each other.
            security_group_egress=[
                ec2.CfnSecurityGroup.EgressProperty(
                    ip_protocol=rule.protocol,
                    from_port=rule.ports and rule.ports[0],
                    to_port=rule.ports and rule.ports[1],
                    cidr_ip=rule.peer,
                    description=rule.description,
                )
                for rule in rows
                if rule.direction == "egress"
            ],
        )
        if any(rule.direction == "ingress" and rule.peer == ANYWHERE for rule in rows):
            acknowledge(
                made,
                {
                    "AwsSolutions::AwsSolutions-EC23": "A public load balancer: 443, and 80 to redirect, are what it "
                    "is for (specification section 2). State sources to narrow it."
                },
            )
        return made

    def _connect(self, rule: Rule, group_id: str, peer_id: str) -> None:
        ports = "All" if rule.ports is None else str(rule.ports[0])
        first, last = rule.ports or (None, None)
        if rule.direction == "ingress":
            ec2.CfnSecurityGroupIngress(
                self,
                f"{rule.group}From{rule.peer}{ports}",
                group_id=group_id,
                source_security_group_id=peer_id,
                ip_protocol=rule.protocol,
                from_port=first,
                to_port=last,
                description=rule.description,
            )
        else:
            ec2.CfnSecurityGroupEgress(
                self,
                f"{rule.group}To{rule.peer}{ports}",
                group_id=group_id,
                destination_security_group_id=peer_id,
                ip_protocol=rule.protocol,
                from_port=first,
                to_port=last,
                description=rule.description,
            )

"""Templates made concrete: every intrinsic function worked out for one choice of the parameters, as at a deploy.

Owns what CloudFormation does with a template, and inventing what AWS would answer (ARNs, ids). Knows nothing of
Kubernetes. Where the policy model keeps what is settled at deploy time as `${...}`, here everything has a value; what
cannot be worked out is an error, never a guess.
"""

import base64
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

from cloudmart_cdk.policy.model import Stack, section, text_of

ACCOUNT: Final = "123456789012"
"""Where a stage states no account."""

_GONE: Final = object()
"""AWS::NoValue: the property, or element, is left out."""
_NAMES: Final = ("Name", "RoleName", "LogGroupName", "RepositoryName", "FunctionName", "BucketName", "AliasName")
_IDS: Final = {
    ("AWS::EC2::VPC", "VpcId"): "vpc",
    ("AWS::EC2::Subnet", "SubnetId"): "subnet",
    ("AWS::EC2::SecurityGroup", "GroupId"): "sg",
    ("AWS::EC2::SecurityGroup", "Id"): "sg",
    ("AWS::EC2::LaunchTemplate", "LaunchTemplateId"): "lt",
    ("AWS::EC2::NatGateway", "NatGatewayId"): "nat",
    ("AWS::EC2::RouteTable", "RouteTableId"): "rtb",
}
_REF_IS: Final = {
    "AWS::EC2::VPC": "VpcId",
    "AWS::EC2::Subnet": "SubnetId",
    "AWS::EC2::SecurityGroup": "GroupId",
    "AWS::EC2::LaunchTemplate": "LaunchTemplateId",
    "AWS::ElasticLoadBalancingV2::TargetGroup": "Arn",
    "AWS::ElasticLoadBalancingV2::LoadBalancer": "Arn",
    "AWS::ElasticLoadBalancingV2::Listener": "Arn",
    "AWS::ElasticLoadBalancingV2::ListenerRule": "Arn",
}
"""Type -> the attribute that `Ref` answers with. Elsewhere it is the name."""


class UnresolvableError(ValueError):
    """Something in a template that this resolver, or CloudFormation itself, cannot work out."""


@dataclass(frozen=True)
class Resolver:
    """One choice of parameters. `parameters`: stack id -> parameter -> value; the rest have their defaults."""

    stacks: Mapping[str, Stack]
    account: str = ACCOUNT
    parameters: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def concrete(self, stack_id: str) -> Stack:
        """The stack with its resources as CloudFormation would make them; those whose condition fails are not there.

        `DependsOn` then names what a resource refers to as well: the whole order, in one place. `PhysicalId` is new:
        what `Ref` answers, so that a value in another resource can be traced back.
        """
        stack = self.stacks[stack_id]
        raw = section(stack, "Resources")
        resources = {
            logical_id: {
                **resource,
                "Properties": self._value(stack, resource.get("Properties", {})),
                "DependsOn": sorted({*_stated(resource), *_referred(resource)} & raw.keys()),
                "PhysicalId": self._attribute(stack, logical_id, ""),
            }
            for logical_id, resource in raw.items()
            if self._exists(stack, resource)
        }
        return Stack(stack.id, stack.name, stack.region, {**stack.template, "Resources": resources}, stack.paths)

    def parameter(self, stack: Stack, name: str) -> str:
        """Raises `UnresolvableError` for a value that CloudFormation would refuse."""
        declared = section(stack, "Parameters")[name]
        chosen = self.parameters.get(stack.id, {}).get(name, declared.get("Default"))
        if chosen is None:
            raise UnresolvableError(f"{stack.id}: parameter {name} has no default and was given no value")
        pattern, values = declared.get("AllowedPattern"), declared.get("AllowedValues")
        if (pattern is not None and not re.fullmatch(pattern, chosen)) or (values is not None and chosen not in values):
            raise UnresolvableError(
                f"{stack.id}: parameter {name} does not take {chosen!r}; allowed: {pattern or values}"
            )
        return str(chosen)

    def _exists(self, stack: Stack, resource: Mapping[str, Any]) -> bool:
        return "Condition" not in resource or self.condition(stack, resource["Condition"])

    def _value(self, stack: Stack, node: Any) -> Any:
        if isinstance(node, dict):
            if len(node) == 1:
                (key,) = node
                if key == "Ref" or key.startswith("Fn::"):
                    return self._function(stack, key, node[key])
            values = {key: self._value(stack, value) for key, value in node.items()}
            return {key: value for key, value in values.items() if value is not _GONE}
        if isinstance(node, list):
            return [value for value in (self._value(stack, each) for each in node) if value is not _GONE]
        return node

    def _function(self, stack: Stack, name: str, argument: Any) -> Any:
        match name, argument:
            case "Ref", str():
                return self._reference(stack, argument)
            case "Fn::GetAtt", [str() as logical_id, str() as attribute]:
                return self._attribute(stack, logical_id, attribute)
            case "Fn::GetAtt", str():
                return self._attribute(stack, *argument.split(".", 1))
            case "Fn::If", [str() as condition, yes, no]:
                return self._value(stack, yes if self.condition(stack, condition) else no)
            case "Fn::Join", [str() as separator, parts]:
                return separator.join(map(text_of, self._value(stack, parts)))
            case "Fn::Split", [str() as separator, text]:
                return text_of(self._value(stack, text)).split(separator)
            case "Fn::Select", [number, values]:
                return self._value(stack, values)[int(number)]
            case "Fn::Base64", text:
                return base64.b64encode(text_of(self._value(stack, text)).encode()).decode()
            case "Fn::Sub", _:
                return self._substituted(stack, argument)
            case "Fn::FindInMap", [name, first, second]:
                return section(stack, "Mappings")[name][self._value(stack, first)][self._value(stack, second)]
            case "Fn::GetStackOutput", {"StackName": by_name, "OutputName": str() as output}:
                region = self._value(stack, argument.get("Region", stack.region))
                producer = self._stack(text_of(self._value(stack, by_name)), text_of(region))
                return self._value(producer, section(producer, "Outputs")[output]["Value"])
        raise UnresolvableError(f"{stack.id}: {name} {json.dumps(argument)[:200]}")

    def _stack(self, name: str, region: str) -> Stack:
        for stack in self.stacks.values():
            if (stack.name, stack.region) == (name, region):
                return stack
        raise UnresolvableError(f"no stack {name} in {region}")

    def condition(self, stack: Stack, condition: Any) -> bool:
        """Whether one holds: the template's by name, or an expression of `Fn::Equals`, `Fn::Not` and so on."""
        if isinstance(condition, str):
            return self.condition(stack, section(stack, "Conditions")[condition])
        match condition:
            case {"Condition": str() as name}:
                return self.condition(stack, name)
            case {"Fn::Equals": [one, other]}:
                return text_of(self._value(stack, one)) == text_of(self._value(stack, other))
            case {"Fn::Not": [one]}:
                return not self.condition(stack, one)
            case {"Fn::And": [*each]}:
                return all(self.condition(stack, one) for one in each)
            case {"Fn::Or": [*each]}:
                return any(self.condition(stack, one) for one in each)
        raise UnresolvableError(f"{stack.id}: condition {json.dumps(condition)[:200]}")

    def _reference(self, stack: Stack, name: str) -> Any:
        pseudo = {
            "AWS::NoValue": _GONE,
            "AWS::AccountId": self.account,
            "AWS::Region": stack.region,
            "AWS::Partition": "aws",
            "AWS::URLSuffix": "amazonaws.com",
            "AWS::StackName": stack.name,
            "AWS::StackId": f"arn:aws:cloudformation:{stack.region}:{self.account}:stack/{stack.name}/0",
        }
        if name in pseudo:
            return pseudo[name]
        if name in section(stack, "Parameters"):
            return self.parameter(stack, name)
        return self._attribute(stack, name, "")

    def _attribute(self, stack: Stack, logical_id: str, attribute: str) -> Any:
        """What AWS would answer, `attribute` empty for `Ref`. One value always stands for one thing."""
        resource = section(stack, "Resources").get(logical_id)
        if resource is None or not self._exists(stack, resource):
            raise UnresolvableError(
                f"{stack.id}: there is no {logical_id}, whose {attribute or 'reference'} is asked for"
            )
        type_, properties = str(resource["Type"]), resource.get("Properties", {})
        if attribute in properties:
            return self._value(stack, properties[attribute])
        attribute = attribute or _REF_IS.get(type_, "")
        if prefix := _IDS.get((type_, attribute)):
            return f"{prefix}-{digest(stack.id, logical_id)[:17]}"
        name = next((self._value(stack, properties[key]) for key in _NAMES if key in properties), logical_id)
        if attribute == "":
            return name
        if attribute.endswith("Arn"):
            return self._arn(stack, type_, logical_id, str(name))
        if attribute == "RepositoryUri":
            return f"{self.account}.dkr.ecr.{stack.region}.amazonaws.com/{name}"
        if "Version" in attribute:
            return "1"
        return f"{logical_id}-{attribute}"

    def _arn(self, stack: Stack, type_: str, logical_id: str, name: str) -> str:
        _, service, kind = type_.split("::")[:3] if type_.count("::") == 2 else ("", "cloudformation", "Resource")
        region, kind = ("" if service == "IAM" else stack.region), kind.lower()
        if service == "ElasticLoadBalancingV2":
            service, name = "elasticloadbalancing", f"{logical_id[:32]}/{digest(stack.id, logical_id)[:16]}"
        return f"arn:aws:{service.lower()}:{region}:{self.account}:{kind}/{name}"

    def _substituted(self, stack: Stack, argument: Any) -> str:
        text, given = (argument, {}) if isinstance(argument, str) else argument

        def replace(found: re.Match[str]) -> str:
            name = found[1]
            if name.startswith("!"):
                return "${" + name[1:] + "}"
            if name in given:
                return text_of(self._value(stack, given[name]))
            logical_id, _, attribute = name.partition(".")
            return text_of(self._attribute(stack, logical_id, attribute) if attribute else self._reference(stack, name))

        return re.sub(r"\$\{([^}]+)\}", replace, text)


def digest(*parts: str) -> str:
    """64 hexadecimal digits that stand for a thing, the same in every run."""
    return sha256("/".join(parts).encode()).hexdigest()


def _stated(resource: Mapping[str, Any]) -> Sequence[str]:
    stated = resource.get("DependsOn", [])
    return [stated] if isinstance(stated, str) else stated


def _referred(node: Any) -> Iterator[str]:
    """Logical ids that Ref, GetAtt and Sub name anywhere in a resource, in whichever branch of an Fn::If."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            if key == "Ref":
                yield str(value)
            elif key == "Fn::GetAtt":
                yield str(value[0] if isinstance(value, list) else value.partition(".")[0])
            elif key == "Fn::Sub":
                text = value if isinstance(value, str) else value[0]
                yield from (name.partition(".")[0] for name in re.findall(r"\$\{([^!}]+)\}", text))
            yield from _referred(value)
    elif isinstance(node, list):
        for value in node:
            yield from _referred(value)

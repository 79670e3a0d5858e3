"""A scaling group in memory, by the rules of Auto Scaling's guide that matter here; MiniStack has no standby.

Each call that changes something is checked against botocore's model of the operation.
"""

from dataclasses import dataclass, field
from typing import Any

import botocore.session
from botocore.exceptions import ClientError
from botocore.validate import ParamValidator

NAME = "cloudmart-prod-backend-blue"
TARGET_GROUP = "arn:aws:elasticloadbalancing:ap-northeast-2:000000000000:targetgroup/blue/0123456789abcdef"
_SESSION = botocore.session.get_session()


def _checked(service: str, operation: str, parameters: dict[str, Any]) -> None:
    shape = _SESSION.get_service_model(service).operation_model(operation).input_shape
    report = ParamValidator().validate(parameters, shape)
    assert not report.has_errors(), report.generate_report()


def refused(operation: str, message: str) -> ClientError:
    return ClientError({"Error": {"Code": "ValidationError", "Message": message}}, operation)


@dataclass
class Group:
    """`launches`: whether instances come up. `scales_in`: takes instances beyond the minimum away as time goes by."""

    minimum: int = 2
    maximum: int = 10
    desired: int = 2
    launches: bool = True
    scales_in: bool = False
    sick: set[str] = field(default_factory=set)
    states: dict[str, str] = field(default_factory=dict)
    fewest: int = 99
    """Instances in service, at the worst moment."""
    waited: float = 0
    _made: int = 0

    def __post_init__(self) -> None:
        self._settle()
        self.fewest = self.serving

    @property
    def serving(self) -> int:
        return sum(state == "InService" for state in self.states.values())

    def sleep(self, seconds: float) -> None:
        """Time goes by: instances are launched and go."""
        self.waited += seconds
        if self.scales_in and self.desired > self.minimum:
            self.desired -= 1
        self._settle()

    def _settle(self) -> None:
        while self.serving < self.desired and self.launches:
            self._made += 1
            self.states[f"i-{self._made:08x}"] = "InService"
        while self.serving > self.desired:
            newest = max(id for id, state in self.states.items() if state == "InService")
            del self.states[newest]
        self.fewest = min(self.fewest, self.serving)

    def describe_auto_scaling_instances(self, **parameters: Any) -> Any:
        _checked("autoscaling", "DescribeAutoScalingInstances", parameters)
        return {
            "AutoScalingInstances": [
                {"InstanceId": id, "AutoScalingGroupName": NAME, "LifecycleState": self.states[id]}
                for id in parameters["InstanceIds"]
                if id in self.states
            ]
        }

    def describe_auto_scaling_groups(self, **parameters: Any) -> Any:
        _checked("autoscaling", "DescribeAutoScalingGroups", parameters)
        assert parameters["AutoScalingGroupNames"] == [NAME]
        instances = [{"InstanceId": id, "LifecycleState": state} for id, state in self.states.items()]
        sizes = {"MinSize": self.minimum, "MaxSize": self.maximum, "DesiredCapacity": self.desired}
        return {"AutoScalingGroups": [{"Instances": instances, "TargetGroupARNs": [TARGET_GROUP], **sizes}]}

    def update_auto_scaling_group(self, **parameters: Any) -> None:
        _checked("autoscaling", "UpdateAutoScalingGroup", parameters)
        minimum, desired = parameters["MinSize"], parameters.get("DesiredCapacity", self.desired)
        if not minimum <= desired <= self.maximum:
            raise refused("UpdateAutoScalingGroup", f"{desired} is not between {minimum} and {self.maximum}")
        self.minimum, self.desired = minimum, desired

    def enter_standby(self, **parameters: Any) -> None:
        _checked("autoscaling", "EnterStandby", parameters)
        (id,) = parameters["InstanceIds"]
        assert parameters["ShouldDecrementDesiredCapacity"]
        if self.desired - 1 < self.minimum:
            raise refused("EnterStandby", "would go below the minimum")
        self.desired -= 1
        self.states[id] = "Standby"
        self._settle()

    def exit_standby(self, **parameters: Any) -> None:
        _checked("autoscaling", "ExitStandby", parameters)
        (id,) = parameters["InstanceIds"]
        assert self.states[id] == "Standby"
        self.desired += 1
        self.states[id] = "InService"

    def terminate_instance_in_auto_scaling_group(self, **parameters: Any) -> None:
        _checked("autoscaling", "TerminateInstanceInAutoScalingGroup", parameters)
        if self.desired - 1 < self.minimum:
            raise refused("TerminateInstanceInAutoScalingGroup", "would go below the minimum")
        self.desired -= 1
        del self.states[parameters["InstanceId"]]
        self._settle()

    def describe_target_health(self, **parameters: Any) -> Any:
        _checked("elbv2", "DescribeTargetHealth", parameters)
        (target,) = parameters["Targets"]
        id = target["Id"]
        state = "unhealthy" if id in self.sick else "healthy" if self.states.get(id) == "InService" else "unused"
        return {"TargetHealthDescriptions": [{"Target": target, "TargetHealth": {"State": state}}]}

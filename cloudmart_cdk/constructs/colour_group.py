"""One colour of the backend: launch template, scaling group, scaling policies. Specification section 4.

Owns the instances of a colour. Sizes follow the live colour (`colours`), so that a deploy never resets what a
release has set.
"""

from dataclasses import dataclass
from typing import Final

import aws_cdk as cdk
from aws_cdk import aws_autoscaling as autoscaling
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from constructs import Construct

from ..acknowledge import acknowledge
from ..settings import catalogue
from ..settings.model import Backend as BackendSettings
from . import off_hours
from .artefact import DRAIN_HOOK, LAUNCH_HOOK, Artefact
from .colours import Colour, LiveColour
from .instance_role import InstanceRole
from .load_balancing import DEREGISTRATION_S
from .watched import AGENT_NAMESPACE

_GRACE_S: Final = 180
"""First boot to healthy target takes up to 3 minutes on a t3.micro (specification section 4)."""


@dataclass(frozen=True)
class Placement:
    """Where instances run: subnets of the private tier, the backend's security group."""

    subnet_ids: list[str]
    security_group_id: str


class ColourGroup(Construct):
    """A scaling group behind its target group, `<name>-<stage>-backend-<colour>`; `resource`: the L1."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        colour: Colour,
        group_name: str,
        settings: BackendSettings,
        placement: Placement,
        role: InstanceRole,
        artefact: Artefact,
        live: LiveColour,
        target_group: elbv2.CfnTargetGroup,
        load_balancer_full_name: str,
        attached: list[cdk.CfnResource],
        off_hours: bool,
        tags: dict[str, str],
        volume_tags: dict[str, str],
    ) -> None:
        """`tags`: of group and instances, beside the stack's; `volume_tags`: of volumes, which nothing else tags."""
        super().__init__(scope, id)
        self.group_name = group_name
        # The group's logical id goes into its own user data, so it cannot be asked of the group itself.
        logical_id = f"{colour.title()}Group"
        template = self._launch_template(
            settings,
            placement,
            role,
            artefact.user_data(group=group_name, target_group=target_group.ref, resource=logical_id),
            {**volume_tags, **tags, "Name": group_name},
        )
        group = autoscaling.CfnAutoScalingGroup(
            self,
            "Group",
            auto_scaling_group_name=group_name,
            # Minimum and maximum only: a desired capacity here would reset the live one at each deploy.
            min_size=live.choice(colour, str(settings.min), "0").to_string(),
            max_size=str(settings.max),
            vpc_zone_identifier=placement.subnet_ids,
            launch_template=autoscaling.CfnAutoScalingGroup.LaunchTemplateSpecificationProperty(
                launch_template_id=template.ref, version=template.attr_latest_version_number
            ),
            target_group_arns=[target_group.ref],
            health_check_type="ELB",
            health_check_grace_period=_GRACE_S,
            default_instance_warmup=60,
            # Declared with the group: hooks made apart from it miss its first instances.
            lifecycle_hook_specification_list=[
                autoscaling.CfnAutoScalingGroup.LifecycleHookSpecificationProperty(
                    lifecycle_hook_name=LAUNCH_HOOK,
                    lifecycle_transition="autoscaling:EC2_INSTANCE_LAUNCHING",
                    heartbeat_timeout=600,
                    default_result="ABANDON",
                ),
                autoscaling.CfnAutoScalingGroup.LifecycleHookSpecificationProperty(
                    lifecycle_hook_name=DRAIN_HOOK,
                    lifecycle_transition="autoscaling:EC2_INSTANCE_TERMINATING",
                    # Only when the instance cannot speak: else `assets/host/drain.sh` continues as soon as its server
                    # has ended, which takes the deregistration delay and TimeoutStopSec at the most.
                    heartbeat_timeout=4 * DEREGISTRATION_S,
                    default_result="CONTINUE",
                ),
            ],
            metrics_collection=[
                autoscaling.CfnAutoScalingGroup.MetricsCollectionProperty(
                    granularity="1Minute",
                    metrics=["GroupInServiceInstances", "GroupDesiredCapacity", "GroupMinSize", "GroupMaxSize"],
                )
            ],
            tags=[
                autoscaling.CfnAutoScalingGroup.TagPropertyProperty(key=key, value=value, propagate_at_launch=True)
                for key, value in {**tags, "Name": group_name}.items()
            ],
        )
        group.override_logical_id(logical_id)
        self.resource = group
        for resource in attached:
            group.add_resource_dependency(resource)
        group.cfn_options.update_policy = cdk.CfnUpdatePolicy(
            auto_scaling_rolling_update=cdk.CfnAutoScalingRollingUpdate(
                min_instances_in_service=settings.min,
                max_batch_size=1,
                wait_on_resource_signals=True,
                pause_time="PT10M",
                suspend_processes=[
                    "AZRebalance",
                    "AlarmNotification",
                    "HealthCheck",
                    "ReplaceUnhealthy",
                    "ScheduledActions",
                ],
            ),
            auto_scaling_scheduled_action=cdk.CfnAutoScalingScheduledAction(
                ignore_unmodified_group_size_properties=True
            ),
        )
        if colour is Colour.BLUE and settings.min > 0:  # live at the first deploy
            group.cfn_options.creation_policy = cdk.CfnCreationPolicy(
                resource_signal=cdk.CfnResourceSignal(count=settings.min, timeout="PT15M")
            )
        self._scale(settings, group, f"{load_balancer_full_name}/{target_group.attr_target_group_full_name}")
        if off_hours:
            self._stop_at_night(settings, group, live, colour)
        acknowledge(
            group,
            {
                "AwsSolutions::AwsSolutions-AS3": "MonitoringStack hears of scaling events through EventBridge and "
                "alarms; a topic here would make this stack depend on its own watcher."
            },
        )

    def _launch_template(
        self,
        settings: BackendSettings,
        placement: Placement,
        role: InstanceRole,
        user_data: str,
        volume_tags: dict[str, str],
    ) -> ec2.CfnLaunchTemplate:
        architecture = catalogue.EC2[settings.instance_type].architecture
        image = f"/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-{architecture}"
        cfn_tags = [cdk.CfnTag(key=key, value=value) for key, value in sorted(volume_tags.items())]
        template = ec2.CfnLaunchTemplate(
            self,
            "Template",
            launch_template_data=ec2.CfnLaunchTemplate.LaunchTemplateDataProperty(
                # Resolved by EC2 at each launch: new instances are patched, and no deploy replaces one for its image.
                image_id=f"resolve:ssm:{image}",
                instance_type=settings.instance_type,
                iam_instance_profile=ec2.CfnLaunchTemplate.IamInstanceProfileProperty(arn=role.profile.attr_arn),
                security_group_ids=[placement.security_group_id],
                metadata_options=ec2.CfnLaunchTemplate.MetadataOptionsProperty(
                    http_tokens="required", http_put_response_hop_limit=1, http_endpoint="enabled"
                ),
                monitoring=ec2.CfnLaunchTemplate.MonitoringProperty(enabled=True),
                block_device_mappings=[
                    ec2.CfnLaunchTemplate.BlockDeviceMappingProperty(
                        device_name="/dev/xvda",
                        ebs=ec2.CfnLaunchTemplate.EbsProperty(
                            volume_type="gp3",
                            volume_size=settings.volume_gb,
                            # With the account's EBS key: a customer's would need a grant for Auto Scaling's role.
                            encrypted=True,
                            delete_on_termination=True,
                        ),
                    )
                ],
                user_data=cdk.Fn.base64(user_data),
                tag_specifications=[
                    ec2.CfnLaunchTemplate.TagSpecificationProperty(resource_type="volume", tags=cfn_tags)
                ],
            ),
        )
        acknowledge(
            template,
            {
                "CloudMart::IMDS-3[CLOUDMART_SECRETS]": "How the names of the stage's secrets begin, `cloudmart-lab/`; "
                "the values are read from Secrets Manager with the instance's role."
            },
        )
        return template

    def _scale(self, settings: BackendSettings, group: autoscaling.CfnAutoScalingGroup, resource_label: str) -> None:
        """Targets to hold, and steps for surges; the way down is left to the targets' own slow alarms."""
        predefined = autoscaling.CfnScalingPolicy.PredefinedMetricSpecificationProperty
        tracking = autoscaling.CfnScalingPolicy.TargetTrackingConfigurationProperty
        memory = autoscaling.CfnScalingPolicy.CustomizedMetricSpecificationProperty(
            namespace=AGENT_NAMESPACE,
            metric_name="mem_used_percent",
            statistic="Average",
            dimensions=[
                autoscaling.CfnScalingPolicy.MetricDimensionProperty(name="AutoScalingGroupName", value=self.group_name)
            ],
        )
        for name, configuration in {
            "Cpu": tracking(
                target_value=settings.cpu_target,
                predefined_metric_specification=predefined(predefined_metric_type="ASGAverageCPUUtilization"),
            ),
            "Memory": tracking(target_value=settings.memory_target, customized_metric_specification=memory),
            "Requests": tracking(
                target_value=settings.requests_per_target,
                predefined_metric_specification=predefined(
                    predefined_metric_type="ALBRequestCountPerTarget", resource_label=resource_label
                ),
            ),
        }.items():
            autoscaling.CfnScalingPolicy(
                self,
                name,
                auto_scaling_group_name=group.ref,
                policy_type="TargetTrackingScaling",
                target_tracking_configuration=configuration,
            )
        step = autoscaling.CfnScalingPolicy.StepAdjustmentProperty
        surge = autoscaling.CfnScalingPolicy(
            self,
            "Surge",
            auto_scaling_group_name=group.ref,
            policy_type="StepScaling",
            adjustment_type="PercentChangeInCapacity",
            min_adjustment_magnitude=1,
            metric_aggregation_type="Average",
            step_adjustments=[
                step(metric_interval_lower_bound=0, metric_interval_upper_bound=10, scaling_adjustment=50),
                step(metric_interval_lower_bound=10, scaling_adjustment=100),
            ],
        )
        cloudwatch.CfnAlarm(
            self,
            "SurgeAlarm",
            alarm_name=f"{self.group_name}-surge",
            alarm_description="Steers step scaling; nobody needs to act",
            namespace="AWS/EC2",
            metric_name="CPUUtilization",
            statistic="Average",
            dimensions=[cloudwatch.CfnAlarm.DimensionProperty(name="AutoScalingGroupName", value=self.group_name)],
            period=60,
            evaluation_periods=1,
            threshold=85,
            comparison_operator="GreaterThanThreshold",
            treat_missing_data="notBreaching",
            alarm_actions=[surge.attr_arn],
        )

    def _stop_at_night(
        self, settings: BackendSettings, group: autoscaling.CfnAutoScalingGroup, live: LiveColour, colour: Colour
    ) -> None:
        """Off-hours: no instance of either colour."""
        by_day = cdk.Token.as_number(live.choice(colour, settings.min, 0))
        evening, morning = (f"0 {hour} * * {off_hours.DAYS}" for hour in (off_hours.EVENING, off_hours.MORNING))
        for name, recurrence, size in (("Evening", evening, 0), ("Morning", morning, by_day)):
            autoscaling.CfnScheduledAction(
                self,
                name,
                auto_scaling_group_name=group.ref,
                recurrence=recurrence,
                time_zone=off_hours.ZONE,
                min_size=size,
                max_size=settings.max,
                desired_capacity=size,
            )

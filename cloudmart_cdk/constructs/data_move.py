"""Moving a database in, on AWS: a bucket for the dump, and a document that restores it. Specification section 3.

Owns the bucket, the document `<name>-<stage>-move-data` and the instance that it launches for one run and ends again;
between runs the bucket is all that is there. What happens to the databases is the program's (`assets/data_move`).
"""

from pathlib import Path
from typing import Final

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_assets as assets
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from ..acknowledge import acknowledge
from .data_move_document import HOURS, commands, content
from .data_move_roles import IMAGE, automation_role, instance_role
from .log_groups import LogGroups
from .stage_owned import Lifecycle, private_bucket

_PROGRAM: Final = Path(__file__).parents[1] / "assets" / "data_move"
_KEPT_DAYS: Final = 7
"""A dump is a copy of every customer's data: a week to move it in, then it goes."""
_GOES: Final = (
    "Not the place where anything is kept: a dump stays at its source, and as a database; this copy is to be gone soon."
)
# Whatever happens to the document: the instance ends itself, and being shut down means being terminated.
_USER_DATA: Final = f"""#!/usr/bin/env bash
shutdown -P +{HOURS * 60 + 60}
"""


class DataMove(Construct):
    """Attributes: `bucket`, where dumps are put; `document_name`."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        name: str,
        host: str,
        database: str,
        owner: secretsmanager.ISecret,
        owner_name: str,
        key: kms.Key,
        volume_gb: int,
        subnet_id: str,
        security_group: ec2.ISecurityGroup,
        tags: dict[str, str],
        log_bucket: s3.IBucket,
        log_groups: LogGroups,
        lifecycle: Lifecycle,
    ) -> None:
        """`name`: of document and instance. `host`: the server itself, never a proxy. `owner_name`: of the secret.

        `volume_gb`: room for the dump. `subnet_id`: private, with a way to AWS's APIs and the package sources. `tags`:
        of instance and volume.
        """
        super().__init__(scope, id)
        self._tags = {**tags, "Name": name}
        self.document_name = name
        self.bucket = private_bucket(
            self,
            "Dumps",
            lifecycle=lifecycle,
            log_bucket=log_bucket,
            log_prefix="dumps",
            encryption_key=key,
            lifecycle_rules=[
                s3.LifecycleRule(
                    expiration=cdk.Duration.days(_KEPT_DAYS),
                    abort_incomplete_multipart_upload_after=cdk.Duration.days(1),
                )
            ],
        )
        program = assets.Asset(self, "Program", path=str(_PROGRAM), exclude=["__pycache__", "requirements.in"])
        acknowledge(self.bucket, {f"CloudMart::KEEP-23{what}": _GOES for what in ("", "[versions]", "[expiry]")})
        log_group = log_groups.make(self, "Logs")
        role = instance_role(
            self,
            "InstanceRole",
            program_arn=f"arn:aws:s3:::{program.s3_bucket_name}/{program.s3_object_key}",
            dumps=self.bucket,
            owner=owner,
            key=key,
            log_group=log_group,
        )
        template = self._template(role, security_group, subnet_id, volume_gb)
        launcher = automation_role(
            self,
            "AutomationRole",
            instance_role=role,
            name=name,
            template_id=template.ref,
            subnet_id=subnet_id,
            security_group_id=security_group.security_group_id,
        )
        ssm.CfnDocument(
            self,
            "Document",
            name=name,
            document_type="Automation",
            document_format="JSON",
            update_method="NewVersion",
            content=content(
                role_arn=launcher.role_arn,
                template={"LaunchTemplateId": template.ref, "Version": template.attr_latest_version_number},
                commands=commands(
                    name=name,
                    region=cdk.Stack.of(self).region,
                    program=f"s3://{program.s3_bucket_name}/{program.s3_object_key}",
                    host=host,
                    database=database,
                    secret=owner_name,
                ),
                log_group_name=log_group.log_group_name,
                bucket_name=self.bucket.bucket_name,
                database=database,
            ),
        )

    def _template(
        self, role: iam.Role, security_group: ec2.ISecurityGroup, subnet_id: str, volume_gb: int
    ) -> ec2.CfnLaunchTemplate:
        profile = iam.CfnInstanceProfile(self, "Profile", roles=[role.role_name])
        tags = [cdk.CfnTag(key=key, value=value) for key, value in sorted(self._tags.items())]
        data = ec2.CfnLaunchTemplate
        return ec2.CfnLaunchTemplate(
            self,
            "Template",
            launch_template_data=data.LaunchTemplateDataProperty(
                image_id=f"resolve:ssm:{IMAGE}",
                instance_type="t3.medium",
                iam_instance_profile=data.IamInstanceProfileProperty(arn=profile.attr_arn),
                network_interfaces=[
                    data.NetworkInterfaceProperty(
                        device_index=0,
                        subnet_id=subnet_id,
                        groups=[security_group.security_group_id],
                        associate_public_ip_address=False,
                        delete_on_termination=True,
                    )
                ],
                metadata_options=data.MetadataOptionsProperty(
                    http_tokens="required", http_put_response_hop_limit=1, http_endpoint="enabled"
                ),
                monitoring=data.MonitoringProperty(enabled=True),
                instance_initiated_shutdown_behavior="terminate",
                block_device_mappings=[
                    data.BlockDeviceMappingProperty(
                        device_name="/dev/xvda",
                        ebs=data.EbsProperty(
                            volume_type="gp3", volume_size=volume_gb, encrypted=True, delete_on_termination=True
                        ),
                    )
                ],
                user_data=cdk.Fn.base64(_USER_DATA),
                tag_specifications=[
                    data.TagSpecificationProperty(resource_type=kind, tags=tags)
                    for kind in ("instance", "volume", "network-interface")
                ],
            ),
        )

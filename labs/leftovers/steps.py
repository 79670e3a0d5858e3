"""What takes more than one call to remove: what is inside, in front of it, or has to be switched off first.

Each step may be begun again: what is done already is passed over.
"""

from collections.abc import Iterator
from typing import Any, Final

from .kinds import Resource, absent

_KEY_DAYS: Final = 7
"""KMS's least."""
_BATCH: Final = 1000
"""The most that S3 deletes in one call (S3 API, DeleteObjects)."""


def empty_bucket(s3: Any, resource: Resource) -> None:
    """Every version and every upload that was never finished, then the bucket."""
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=resource.id):
        entries = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
        for some in _batches([{"Key": each["Key"], "VersionId": each["VersionId"]} for each in entries]):
            failed = s3.delete_objects(Bucket=resource.id, Delete={"Objects": some, "Quiet": True}).get("Errors")
            if failed:
                raise RuntimeError(f"{failed[0].get('Code')} on {failed[0].get('Key')}")
    for page in s3.get_paginator("list_multipart_uploads").paginate(Bucket=resource.id):
        for upload in page.get("Uploads") or ():
            s3.abort_multipart_upload(Bucket=resource.id, Key=upload["Key"], UploadId=upload["UploadId"])
    s3.delete_bucket(Bucket=resource.id)


def _batches(entries: list[dict[str, str]]) -> Iterator[list[dict[str, str]]]:
    for start in range(0, len(entries), _BATCH):
        yield entries[start : start + _BATCH]


def delete_key(kms: Any, resource: Resource) -> None:
    """Its aliases now, since they would block the next deploy; itself in a week."""
    for page in kms.get_paginator("list_aliases").paginate(KeyId=resource.id):
        for alias in page["Aliases"]:
            if alias.get("TargetKeyId") == resource.id:
                kms.delete_alias(AliasName=alias["AliasName"])
    kms.schedule_key_deletion(KeyId=resource.id, PendingWindowInDays=_KEY_DAYS)


def delete_rule(events: Any, resource: Resource) -> None:
    """A rule with targets is not deleted."""
    targets = [each["Id"] for each in events.list_targets_by_rule(Rule=resource.id)["Targets"]]
    if targets:
        events.remove_targets(Rule=resource.id, Ids=targets)
    events.delete_rule(Name=resource.id)


def delete_distribution(cloudfront: Any, resource: Resource) -> None:
    """Switched off first, which takes minutes; refused until then."""
    answer = cloudfront.get_distribution_config(Id=resource.id)
    config, version = answer["DistributionConfig"], answer["ETag"]
    if config["Enabled"]:
        cloudfront.update_distribution(Id=resource.id, IfMatch=version, DistributionConfig={**config, "Enabled": False})
    else:
        cloudfront.delete_distribution(Id=resource.id, IfMatch=version)


def delete_edge_function(cloudfront: Any, resource: Resource) -> None:
    version = cloudfront.describe_function(Name=resource.id, Stage="DEVELOPMENT")["ETag"]
    cloudfront.delete_function(Name=resource.id, IfMatch=version)


def delete_web_acl(wafv2: Any, resource: Resource) -> None:
    scope, _, name, id = resource.id.split("/")
    where = {"Name": name, "Scope": "CLOUDFRONT" if scope == "global" else "REGIONAL", "Id": id}
    wafv2.delete_web_acl(**where, LockToken=wafv2.get_web_acl(**where)["LockToken"])


def delete_internet_gateway(ec2: Any, resource: Resource) -> None:
    (gateway,) = ec2.describe_internet_gateways(InternetGatewayIds=[resource.id])["InternetGateways"]
    for attachment in gateway.get("Attachments") or ():
        ec2.detach_internet_gateway(InternetGatewayId=resource.id, VpcId=attachment["VpcId"])
    ec2.delete_internet_gateway(InternetGatewayId=resource.id)


def delete_route_table(ec2: Any, resource: Resource) -> None:
    (table,) = ec2.describe_route_tables(RouteTableIds=[resource.id])["RouteTables"]
    for association in table.get("Associations") or ():
        if not association.get("Main"):
            ec2.disassociate_route_table(AssociationId=association["RouteTableAssociationId"])
    ec2.delete_route_table(RouteTableId=resource.id)


def delete_security_group(ec2: Any, resource: Resource) -> None:
    """Its rules first: two groups that name each other hold each other."""
    (group,) = ec2.describe_security_groups(GroupIds=[resource.id])["SecurityGroups"]
    for rules, revoke in (
        (group.get("IpPermissions"), ec2.revoke_security_group_ingress),
        (group.get("IpPermissionsEgress"), ec2.revoke_security_group_egress),
    ):
        if rules:
            revoke(GroupId=resource.id, IpPermissions=rules)
    ec2.delete_security_group(GroupId=resource.id)


def delete_hosted_zone(route53: Any, resource: Resource) -> None:
    """Its records first, but for the two that every zone has."""
    records = [
        record
        for page in route53.get_paginator("list_resource_record_sets").paginate(HostedZoneId=resource.id)
        for record in page["ResourceRecordSets"]
        if record["Type"] not in ("NS", "SOA")
    ]
    if records:
        changes = [{"Action": "DELETE", "ResourceRecordSet": record} for record in records]
        route53.change_resource_record_sets(HostedZoneId=resource.id, ChangeBatch={"Changes": changes})
    route53.delete_hosted_zone(Id=resource.id)


def delete_role(iam: Any, resource: Resource) -> None:
    """What it holds first: policies of its own, managed ones, profiles."""
    name = resource.id
    for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
        iam.delete_role_policy(RoleName=name, PolicyName=policy)
    for attached in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
        iam.detach_role_policy(RoleName=name, PolicyArn=attached["PolicyArn"])
    for profile in iam.list_instance_profiles_for_role(RoleName=name)["InstanceProfiles"]:
        iam.remove_role_from_instance_profile(InstanceProfileName=profile["InstanceProfileName"], RoleName=name)
    iam.delete_role(RoleName=name)


def delete_backup_plan(backup: Any, resource: Resource) -> None:
    for selection in backup.list_backup_selections(BackupPlanId=resource.id)["BackupSelectionsList"]:
        backup.delete_backup_selection(BackupPlanId=resource.id, SelectionId=selection["SelectionId"])
    backup.delete_backup_plan(BackupPlanId=resource.id)


def delete_backup_vault(backup: Any, resource: Resource) -> None:
    """A vault with recovery points is not deleted."""
    for page in backup.get_paginator("list_recovery_points_by_backup_vault").paginate(BackupVaultName=resource.id):
        for point in page["RecoveryPoints"]:
            backup.delete_recovery_point(BackupVaultName=resource.id, RecoveryPointArn=point["RecoveryPointArn"])
    backup.delete_backup_vault(BackupVaultName=resource.id)


def delete_proxy(rds: Any, resource: Resource) -> None:
    """Known by its ARN to tags, by its name to RDS."""
    for proxy in rds.describe_db_proxies()["DBProxies"]:
        if proxy["DBProxyArn"] == resource.arn:
            rds.delete_db_proxy(DBProxyName=proxy["DBProxyName"])


def delete_queue(sqs: Any, resource: Resource) -> None:
    sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName=resource.id)["QueueUrl"])


def delete_node_group(eks: Any, resource: Resource) -> None:
    cluster, group, _ = resource.id.split("/")
    eks.delete_nodegroup(clusterName=cluster, nodegroupName=group)


def delete_cluster(eks: Any, resource: Resource) -> None:
    """Its node groups first, which take minutes; refused until they are gone."""
    groups = eks.list_nodegroups(clusterName=resource.id)["nodegroups"]
    for group in groups:
        try:
            eks.delete_nodegroup(clusterName=resource.id, nodegroupName=group)
        except eks.exceptions.ClientError as refused:
            if not absent(refused) and "ResourceInUse" not in refused.response["Error"]["Code"]:
                raise
    if not groups:
        eks.delete_cluster(name=resource.id)

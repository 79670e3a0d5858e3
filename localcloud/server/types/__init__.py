"""Resource types that MiniStack 1.5.33 has an API for, but no CloudFormation handler.

Owns the list of families. What has no API either is in `localcloud.server.records`.
"""

from localcloud.server.resource import ResourceType
from localcloud.server.types import (
    account,
    backup,
    codedeploy,
    ec2_network,
    ec2_security,
    eks,
    identity,
    kubernetes,
    monitoring,
    rds,
    secrets,
    web_acl,
)

ALL: dict[str, ResourceType] = {
    **ec2_network.TYPES,
    **ec2_security.TYPES,
    **secrets.TYPES,
    **rds.TYPES,
    **backup.TYPES,
    **codedeploy.TYPES,
    **web_acl.TYPES,
    **eks.TYPES,
    **kubernetes.TYPES,
    **identity.TYPES,
    **monitoring.TYPES,
    **account.TYPES,
}

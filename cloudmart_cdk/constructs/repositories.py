"""Container registries of the services. Specification section 6."""

import json
from collections.abc import Mapping
from typing import Final

import aws_cdk as cdk
from aws_cdk import aws_ecr as ecr
from constructs import Construct

from ..settings.service_names import pascal_case

_KEPT: Final = 10
_EXPIRE: Final = {"type": "expire"}
_RULES: Final = (
    {
        "description": f"The last {_KEPT} releases",
        "selection": {
            "tagStatus": "tagged",
            "tagPatternList": ["*"],
            "countType": "imageCountMoreThan",
            "countNumber": _KEPT,
        },
        "action": _EXPIRE,
    },
    # An image for several architectures, and its attestation, are images too, without a tag: counted with the others,
    # three releases would be left of ten. ECR expires none that an index still refers to.
    {
        "description": "What no release refers to",
        "selection": {
            "tagStatus": "untagged",
            "countType": "sinceImagePushed",
            "countUnit": "days",
            "countNumber": 1,
        },
        "action": _EXPIRE,
    },
)


class Repositories(Construct):
    """One per service: scanned, immutable, the last 10 images. Attribute: `uris` (service -> URI).

    Images are data where data is kept: a release that is rolled back to must still be there, bit by bit, and a build
    is not. `RetainExceptOnCreate`, since the names are fixed: a first deploy that fails leaves none in the way of the
    next. Encrypted with ECR's AES-256 and no key of ours, because the key would have to outlive the stack with them.
    """

    def __init__(self, scope: Construct, id: str, *, names: Mapping[str, str], keep: bool) -> None:
        """`names`: service -> repository name."""
        super().__init__(scope, id)
        policy = json.dumps({"rules": [{"rulePriority": priority, **rule} for priority, rule in enumerate(_RULES, 1)]})
        self.uris: dict[str, str] = {}
        for service, name in names.items():
            repository = ecr.CfnRepository(
                self,
                pascal_case(service),
                repository_name=name,
                image_scanning_configuration=ecr.CfnRepository.ImageScanningConfigurationProperty(scan_on_push=True),
                encryption_configuration=ecr.CfnRepository.EncryptionConfigurationProperty(encryption_type="AES256"),
                image_tag_mutability="IMMUTABLE",
                lifecycle_policy=ecr.CfnRepository.LifecyclePolicyProperty(lifecycle_policy_text=policy),
                empty_on_delete=not keep,
            )
            repository.apply_removal_policy(
                cdk.RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE if keep else cdk.RemovalPolicy.DESTROY
            )
            self.uris[service] = repository.attr_repository_uri

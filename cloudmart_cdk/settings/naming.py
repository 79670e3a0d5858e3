"""Physical names, all derived from `<name>-<stage>`.

Owns the few names that must be known without a reference: what EksPlatformStack finds at run time
without an edge to DataStack, what AWS prescribes a prefix for, and what people look up by name at
3 a.m. Everything else is named by CloudFormation, so that it can be replaced.
"""

from dataclasses import dataclass
from typing import Final

ACCOUNT_REGIONAL_SUFFIX: Final = "-123456789012-ap-northeast-2-an"
"""What `BucketNamespace.ACCOUNT_REGIONAL` appends; the length counts against S3's 63."""


@dataclass(frozen=True)
class Names:
    """The names of one stage: prefix `<name>-<stage>`."""

    name: str
    stage: str

    @property
    def prefix(self) -> str:
        return f"{self.name}-{self.stage}"

    def stack(self, stack_id: str) -> str:
        """CloudFormation's name of a stack; generated physical names begin with it."""
        return f"{self.prefix}-{stack_id}"

    def of(self, what: str) -> str:
        """`<name>-<stage>-<what>`: load balancers, alarms, dashboards, the cluster, aliases."""
        return f"{self.prefix}-{what}"

    def parameter(self, path: str) -> str:
        """A Parameter Store name, e.g. `/cloudmart/lab/database/host` (specification section 3)."""
        return f"/{self.name}/{self.stage}/{path}"

    def secret(self, path: str) -> str:
        """A Secrets Manager name, e.g. `cloudmart-lab/database/owner`."""
        return f"{self.prefix}/{path}"

    def repository(self, service: str) -> str:
        """An ECR repository, e.g. `cloudmart-lab/auth`: what CI pushes to."""
        return f"{self.prefix}/{service}"

    def internal_zone(self) -> str:
        """Private hosted zone, for people (specification section 2)."""
        return f"{self.stage}.cloudmart.internal"

    def limits(self) -> dict[str, tuple[str, int]]:
        """Kind -> (the longest name of that kind that we set, AWS's limit in characters)."""
        return {
            "S3 bucket": (self.of("images") + ACCOUNT_REGIONAL_SUFFIX, 63),
            "load balancer": (self.of("tiketi"), 32),
            "EKS cluster": (self.of("tiketi"), 100),
            "CloudFormation stack": (self.stack("EksPlatformStack"), 128),
        }

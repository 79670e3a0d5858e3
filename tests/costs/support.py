"""Bills of small templates."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from cloudmart_cdk.costs import prices
from cloudmart_cdk.costs.bill import Bill, drafted
from tests.policy.support import Resources, deployment


def billed(resources: Resources, **options: Any) -> Bill:
    """What stands, without volumes; options as of `deployment`."""
    return drafted(deployment(resources, **options), prices.load(), ())


def charged(resources: Resources, **options: Any) -> Mapping[str, float]:
    """Price -> units an hour or month, of all that is in the template."""
    found: dict[str, float] = defaultdict(float)
    for item in billed(resources, **options):
        found[item.price_id] += item.quantity
    return found


def refused(resources: Resources, **options: Any) -> list[str]:
    """What is said of what has no price."""
    return [str(lacking) for lacking in billed(resources, **options).unpriced]

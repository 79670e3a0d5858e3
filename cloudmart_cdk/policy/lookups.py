"""What several families ask of a deployment. Each answers the same question in one way.

Owns the questions only; what is wrong about an answer is a family's to say.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from .model import MISSING, Deployment, Pointer, Resource, text_of


def always(app: Deployment, resource: Resource) -> bool:
    """Whether a resource is there whatever the parameters say: it has no `Condition` of its own."""
    return "Condition" not in app.stacks[resource.stack].template["Resources"][resource.logical_id]


def same(one: Resource | None, other: Resource) -> bool:
    """Whether both are one resource, each perhaps with another outcome of its conditions."""
    return one is not None and (one.stack, one.logical_id) == (other.stack, other.logical_id)


def comes_again(schedule: Any) -> bool:
    """Whether a schedule is of every year; `at(...)` comes once."""
    return isinstance(schedule, str) and re.fullmatch(r"rate\(.+\)|cron\(.+ \*\)", schedule) is not None


def own_storage(server: Resource, app: Deployment) -> bool:
    """Aurora's instances store nothing themselves; their cluster does, and it is checked if it is this app's."""
    return app.target(server.get("DBClusterIdentifier"), "AWS::RDS::DBCluster") is None


def log_buckets(app: Deployment) -> list[Resource]:
    """Buckets that others log to. One cannot log to itself without end (S3 guide, server access logging)."""
    named = [bucket.get("LoggingConfiguration.DestinationBucketName") for bucket in app.of("AWS::S3::Bucket")]
    named += [log.get("LogDestination") for log in app.of("AWS::EC2::FlowLog")]
    return [bucket for value in named if (bucket := app.target(value, "AWS::S3::Bucket"))]


def attribute_values(resource: Resource, path: str, key: str) -> list[Any]:
    """Every value that a key has in a list of `{Key, Value}`, a key unknown until the deploy included."""
    entries = [entry for entry in resource.items(path) if isinstance(entry, Mapping)]
    named = [entry for entry in entries if entry.get("Key") == key or not isinstance(entry.get("Key"), str)]
    return [entry.get("Value", MISSING) for entry in named] or [MISSING]


def in_every_case(app: Deployment, type_: str, holds: Callable[[Resource], bool]) -> list[Resource]:
    """Resources that are there, and of which this holds, whatever the template's conditions come out as."""
    every = list(app.of(type_))
    otherwise = [resource for resource in every if not (always(app, resource) and holds(resource))]
    return [resource for resource in every if not any(same(other, resource) for other in otherwise)]


def holds_data(server: Resource, app: Deployment) -> bool:
    """A replica holds nothing that its source does not; an instance of Aurora nothing that its cluster does not.

    Both have to be of this app: an empty identifier means none.
    """
    source = text_of(server.get("SourceDBInstanceIdentifier"))
    sources = [str(Pointer(other.stack, other.logical_id)) for other in app.of("AWS::RDS::DBInstance")]
    return own_storage(server, app) and not source.endswith(tuple(sources))

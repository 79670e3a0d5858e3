"""Checks over several settings at once.

Owns what a single field cannot say: networks that fit, minima below maxima, connections that the
database holds, names that AWS accepts, stacks that need each other; the cluster's are in `eks_checks`, the service
table's in `service_checks`. Each check yields `Problem`s; `loading` turns them into lines.
"""

import math
from collections.abc import Iterator
from ipaddress import IPv4Network
from itertools import combinations
from typing import get_args

from ..revision import ApplicationError, Image, application
from ..site_folder import SiteError
from ..site_folder import checked as checked_site
from . import eks_checks, service_checks
from .model import Settings, Stage
from .problem import Problem
from .topology import FRONTEND, MONITORING, NEEDS

_SMALLEST = {"public": 27, "private": 26, "data": 28, "pods": 24}
"""Longest prefix per tier. A load balancer asks for a /27 (ELB guide); EKS and RDS for /28 and free addresses."""


_WIDEST_SOURCE = 8
"""Shortest prefix of a stated source. Nobody's own network is larger; several halves would make the internet."""


def problems(settings: Settings) -> Iterator[Problem]:
    """All that is wrong with settings whose single values are right."""
    yield from _sources(settings)
    yield from _networks(settings)
    yield from _sizes(settings)
    yield from _connections(settings)
    yield from eks_checks.problems(settings)
    yield from service_checks.problems(settings)
    yield from _names(settings)
    yield from _skips(settings)
    yield from _options(settings)
    yield from _application(settings)
    yield from _site(settings)


def _sources(settings: Settings) -> Iterator[Problem]:
    for source in settings.sources:
        if source.prefixlen < _WIDEST_SOURCE:
            allowed = f"networks of /{_WIDEST_SOURCE} or smaller: not the internet"
            yield Problem("sources", str(source), allowed, "state your own address: -c sources=203.0.113.7/32")


def _networks(settings: Settings) -> Iterator[Problem]:
    network = settings.network
    for key, block, example in (
        ("network.cidr", network.cidr, "10.0.0.0/16"),
        ("network.pods_cidr", network.pods_cidr, "100.64.0.0/16"),
    ):
        if not 16 <= block.prefixlen <= 24:
            yield Problem(key, str(block), "a /16 to /24: a VPC takes no more", f"use e.g. -c {key}={example}")
    named: list[tuple[str, IPv4Network]] = []
    for tier in ("public", "private", "data", "pods"):
        home_key = "network.pods_cidr" if tier == "pods" else "network.cidr"
        home = network.pods_cidr if tier == "pods" else network.cidr
        for subnet in getattr(network, tier):
            key = f"network.{tier}"
            named.append((key, subnet))
            if not subnet.subnet_of(home):
                yield Problem(
                    key, str(subnet), f"networks inside {home_key} {home}", f"choose one inside or change {home_key}"
                )
            if subnet.prefixlen > _SMALLEST[tier]:
                yield Problem(key, str(subnet), f"a /{_SMALLEST[tier]} or larger", f"use a /{_SMALLEST[tier]} in {key}")
    if network.pods_cidr.overlaps(network.cidr):
        yield Problem(
            "network.pods_cidr",
            str(network.pods_cidr),
            f"a network apart from network.cidr {network.cidr}",
            "use e.g. -c network.pods_cidr=100.64.0.0/16",
        )
    for (key, one), (other_key, other) in combinations(named, 2):
        if one.overlaps(other):
            yield Problem(
                other_key, str(other), f"networks that do not overlap; {key} {one} does", "move one of the two"
            )
    if network.zones[0] == network.zones[1]:
        yield Problem(
            "network.zones",
            ",".join(network.zones),
            "two different zones",
            f"use e.g. -c network.zones={settings.region}a,{settings.region}c",
        )
    for zone in network.zones:
        if not zone.startswith(settings.region):
            yield Problem(
                "network.zones",
                zone,
                f"zones of region {settings.region}",
                f"use e.g. -c network.zones={settings.region}a,{settings.region}c",
            )

    nodes_a_zone = math.ceil((settings.eks.on_demand.max + settings.eks.spot.max) / 2)
    instances_a_zone = nodes_a_zone + settings.backend.max  # both colours, spread over two zones
    prefixes = math.ceil(settings.eks.max_pods / 16) + 1  # one warm prefix a node
    for tier, needed, what in (
        ("private", instances_a_zone + 16, "nodes and backend instances"),
        ("pods", nodes_a_zone * prefixes * 16, "pods of all nodes"),
    ):
        for subnet in getattr(network, tier):
            usable = subnet.num_addresses - 5  # AWS keeps five of each subnet
            if usable < needed and subnet.prefixlen <= _SMALLEST[tier]:
                yield Problem(
                    f"network.{tier}",
                    f"{subnet} with {usable} addresses",
                    f"at least {needed} for the {what} at their maxima",
                    "use a larger network or lower the maxima",
                )


def _sizes(settings: Settings) -> Iterator[Problem]:
    if settings.backend.min >= settings.backend.max:
        yield Problem(
            "backend.min",
            str(settings.backend.min),
            f"less than backend.max, which is {settings.backend.max}: a rolling replacement needs room for one more",
            "lower backend.min or raise backend.max",
        )
    yield from eks_checks.below(
        "database.aurora_min_acu",
        settings.database.aurora_min_acu,
        "database.aurora_max_acu",
        settings.database.aurora_max_acu,
    )
    storage, ceiling = settings.database.storage_gb, settings.database.max_storage_gb
    if ceiling and ceiling < storage * 1.1:
        yield Problem(
            "database.max_storage_gb",
            str(ceiling),
            f"0, or at least 10 % above database.storage_gb ({storage})",
            f"use {math.ceil(storage * 1.1)} or more",
        )


def _connections(settings: Settings) -> Iterator[Problem]:
    """Specification section 3: what all processes may hold at their maxima, without a proxy in between."""
    database = settings.database
    shops = 2 * settings.backend.max  # both colours
    # No proxy is in front of a reader, and one that is left alone gets everything.
    reads = shops * database.reader_pool
    if database.readers and reads + database.reserved_connections > database.max_connections:
        yield Problem(
            "database.reader_pool",
            f"pools that sum to {reads + database.reserved_connections} connections to a reader (shop {reads}, "
            f"reserve {database.reserved_connections})",
            f"max_connections {database.max_connections} of {database.instance_class}",
            "lower database.reader_pool or backend.max, or choose a larger class",
        )
    if database.proxy:
        for key, pool in (("shop_pool", database.shop_pool), ("service_pool", database.service_pool)):
            if not 10 <= pool <= 20:
                yield Problem(f"database.{key}", str(pool), "10 to 20 behind RDS Proxy", f"use -c database.{key}=10")
        return
    maxima = [service.hpa_max for service in settings.eks.services.values() if "db" in service.uses]
    # A release of one service at a time may run it twice: a blue/green sends everyone to the canary's pods.
    processes = sum(maxima) + max(maxima, default=0)
    shop = shops * database.shop_pool
    services = processes * database.service_pool
    total = shop + services + database.reserved_connections
    if total > database.max_connections:
        yield Problem(
            "database.shop_pool",
            f"pools that sum to {total} connections (shop {shop}, services {services}, "
            f"reserve {database.reserved_connections})",
            f"max_connections {database.max_connections} of {database.instance_class}",
            "lower a pool or a maximum, choose a larger class, or -c database.proxy=true",
        )


def _names(settings: Settings) -> Iterator[Problem]:
    """The physical name that leaves least room for `name`; and nobody's resources begin like another's."""
    first, *parts = settings.name.split("-")
    if like := next((part for part in parts if part in get_args(Stage)), ""):
        head = "-".join([first, *parts[: parts.index(like)]])
        yield Problem(
            "name",
            settings.name,
            f"names without a part that is a stage: all of stage {like} of {head} begins with {head}-{like}, too",
            f"use e.g. -c name={settings.name.replace('-' + like, like, 1)}",
        )
    room = {kind: limit - len(name) + len(settings.name) for kind, (name, limit) in settings.names.limits().items()}
    kind = min(room, key=room.__getitem__)
    name, limit = settings.names.limits()[kind]
    if len(name) > limit:
        yield Problem(
            "name",
            f"{settings.name}, which makes the {kind} name {name} {len(name)} characters long",
            f"at most {limit} there, so a name of at most {room[kind]}",
            f"use e.g. -c name={settings.name[: room[kind]].rstrip('-')}",
        )


def _skips(settings: Settings) -> Iterator[Problem]:
    for stack, needs in NEEDS.items():
        for need in needs:
            if need in settings.skip and settings.has(stack):
                yield Problem(
                    "skip",
                    ",".join(settings.skip),
                    f"stacks that no enabled one needs; {stack} needs {need}",
                    f"add {stack} to skip, or take {need} out",
                )


def _options(settings: Settings) -> Iterator[Problem]:
    """Choices that exclude or require each other."""
    if settings.frontend.geo_block and not settings.web_acls:
        yield Problem(
            "frontend.geo_block", ",".join(settings.frontend.geo_block), "only with web ACLs", "add -c web_acls=true"
        )
    if settings.region not in settings.network.cloudfront_prefix_lists:
        yield Problem(
            "region",
            settings.region,
            f"regions with a known CloudFront prefix list: {', '.join(settings.network.cloudfront_prefix_lists)}",
            f"add -c network.cloudfront_prefix_lists.{settings.region}=pl-...",
        )
    if settings.cache.shards and not settings.cache.replicas:
        yield Problem(
            "cache.replicas",
            "0",
            "at least 1 in cluster mode, which needs failover",
            "use -c cache.replicas=1 or -c cache.shards=0",
        )
    if settings.backup.copy_region == settings.region:
        yield Problem(
            "backup.copy_region",
            settings.region,
            "another region than the stage's",
            "use e.g. -c backup.copy_region=ap-northeast-1",
        )
    if settings.backup.copy_region and not settings.backup.plan:
        yield Problem(
            "backup.copy_region", settings.backup.copy_region, "only with a backup plan", "add -c backup.plan=true"
        )
    if settings.lab_account and settings.stage != "lab":
        yield Problem(
            "lab_account",
            f"true in stage {settings.stage}",
            "true in lab only: LabAccountStack ends what has a Lifetime",
            "use -c stage=lab, or leave it out",
        )
    if settings.delivery.github_repository and settings.stage == "lab":
        yield Problem(
            "delivery.github_repository",
            settings.delivery.github_repository,
            "nothing in lab: its copies are students'",
            "use -c stage=dev, staging or prod",
        )
    if settings.backup.drill and not settings.backup.plan:
        yield Problem(
            "backup.drill",
            "true",
            "only with a backup plan, whose last backup it restores",
            "add -c backup.plan=true, or -c backup.drill=false",
        )
    if settings.backup.drill and settings.database.engine == "aurora":
        yield Problem(
            "backup.drill",
            "true",
            "only with database.engine=postgres: an Aurora cluster is restored by other calls",
            "use -c backup.drill=false",
        )
    if settings.monitoring.canary_minutes and not (settings.has(FRONTEND) and settings.has(MONITORING)):
        yield Problem(
            "monitoring.canary_minutes",
            str(settings.monitoring.canary_minutes),
            f"0 without {FRONTEND} and {MONITORING}: it visits the shop as customers do, and reports as alarms do",
            "leave neither out with skip, or use -c monitoring.canary_minutes=0",
        )
    if settings.monitoring.canary_minutes and settings.off_hours:
        yield Problem(
            "monitoring.canary_minutes",
            str(settings.monitoring.canary_minutes),
            "0 where the stage sleeps: it would page every evening",
            "use -c off_hours=false or -c monitoring.canary_minutes=0",
        )
    if settings.network.regional_nat and settings.network.nat_gateways != 1:
        yield Problem(
            "network.regional_nat",
            "true",
            "only with network.nat_gateways=1: it spans the zones itself",
            "add -c network.nat_gateways=1",
        )
    if settings.database.engine == "postgres" and settings.database.read_replicas > 1:
        yield Problem(
            "database.read_replicas",
            str(settings.database.read_replicas),
            "at most 1 with engine postgres: programs read from one host, and replicas of RDS have no common name",
            "use -c database.read_replicas=1, or -c database.engine=aurora, which has one",
        )
    if settings.off_hours and settings.database.engine == "aurora" and settings.database.read_replicas:
        yield Problem(
            "database.read_replicas",
            str(settings.database.read_replicas),
            "0 where off_hours stops the database",
            "use -c database.read_replicas=0",
        )


def _application(settings: Settings) -> Iterator[Problem]:
    """What the backend runs: there, and the same tomorrow where data is kept."""
    key = "backend.application"
    try:
        given = application(settings.backend.application)
    except ApplicationError as refused:
        yield Problem(key, refused.given, refused.allowed, refused.do)
        return
    if not isinstance(given, Image):
        return
    if settings.keeps_data and not given.by_digest:
        yield Problem(
            key,
            given.uri,
            "an image with its digest where data is kept: a tag can be moved, and instances are launched at any time",
            f"add the digest that the registry shows: {given.uri}@sha256:...",
        )
    repository = given.repository
    if repository and settings.account and repository.account != settings.account:
        yield Problem(
            key,
            f"an image in the private registry of account {repository.account}",
            f"one of account {settings.account} (setting account), or of a public registry",
            "copy the image into a repository of this account",
        )


def _site(settings: Settings) -> Iterator[Problem]:
    """The front end: built, and allowed to run by its own policy."""
    frontend = settings.frontend
    try:
        checked_site(frontend.dist, content_security_policy=frontend.content_security_policy)
    except SiteError as refused:
        yield Problem(refused.setting, refused.given, refused.allowed, refused.do)

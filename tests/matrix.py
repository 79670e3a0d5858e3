"""The configurations that are synthesized: every stage, each stack alone with what it needs, every optional setting.

Owns the table only. Synthesized once a run each (see `support.synthesize`), whatever the number of tests that look.
"""

from collections.abc import Mapping
from typing import Final

from cloudmart_cdk.settings.topology import (
    BACKEND,
    DATA,
    EDGE_WATCH,
    EKS,
    FRONTEND,
    MONITORING,
    NEEDS,
    SKIPPABLE,
    VPC,
)
from labs.rehearsal.solution import SETTINGS

Context = Mapping[str, str]

STAGES: Final = ("lab", "dev", "staging", "prod")
_DOMAIN: Final = {"domain.name": "shop.example.com", "domain.zone_id": "Z0123456789ABCDEFGHIJ"}
_AURORA: Final = {"database.engine": "aurora"}
_ARM: Final = {
    "backend.instance_type": "t4g.micro",
    "eks.on_demand.instance_types": "t4g.medium",
    "eks.spot.instance_types": "t4g.medium,t4g.large",
}


def only(*stacks: str) -> str:
    """The `skip` that leaves the stacks given and what they need."""
    kept = set(stacks)
    while more := {need for stack in kept for need in NEEDS[stack]} - kept:
        kept |= more
    return ",".join(stack for stack in SKIPPABLE if stack not in kept)


_OPTIONS: Final[dict[str, Context]] = {
    "account stated": {"stage": "prod", "account": "123456789012"},
    "other region": {
        "region": "us-west-2",
        "network.zones": "us-west-2a,us-west-2b",
        "network.cloudfront_prefix_lists.us-west-2": "pl-00000000",
    },
    "stated sources": {"sources": "203.0.113.0/24,198.51.100.7/32"},
    "stated sources, no CDN": {"sources": "203.0.113.0/24", "skip": only(BACKEND, EKS)},
    "domain": _DOMAIN,
    "domain in prod": {"stage": "prod", **_DOMAIN},
    "domain, no CDN": {**_DOMAIN, "sources": "203.0.113.0/24", "skip": only(BACKEND, EKS, MONITORING)},
    "geo blocking": {"web_acls": "true", "frontend.geo_block": "KP,IR"},
    "web ACLs without a watch on the CDN": {"stage": "staging", "monitoring.watch_cdn": "false"},
    "read replica": {"database.read_replicas": "1"},
    "read replica in prod": {"stage": "prod", "database.read_replicas": "1", "cost.month_cap_usd": "1040"},
    "Aurora": _AURORA,
    "Aurora in prod, with a reader": {
        "stage": "prod",
        **_AURORA,
        "backup.drill": "false",
        "database.read_replicas": "1",
        "database.reader_pool": "4",
        "cost.month_cap_usd": "1150",
    },
    "Valkey": {"cache.engine": "valkey"},
    "Valkey in prod": {"stage": "prod", "cache.engine": "valkey"},
    "Graviton": {**_ARM, "database.instance_class": "db.t4g.micro", "cache.node_type": "cache.t4g.micro"},
    "Graviton in prod": {
        "stage": "prod",
        **_ARM,
        "database.instance_class": "db.t4g.medium",
        "cache.node_type": "cache.t4g.medium",
    },
    "backend as an image": {"backend.application": "public.ecr.aws/nginx/nginx:1.27"},
    "backend as an image of ours in prod": {
        "stage": "prod",
        "account": "123456789012",
        "backend.application": f"123456789012.dkr.ecr.ap-northeast-2.amazonaws.com/shop:1@sha256:{'0' * 64}",
    },
    "regional NAT gateway": {"network.regional_nat": "true"},
    "one NAT gateway in prod, regional": {
        "stage": "prod",
        "network.regional_nat": "true",
        "network.nat_gateways": "1",
    },
    "interface endpoints": {"network.interface_endpoints": "true"},
    "backup copies": {"stage": "prod", "backup.copy_region": "ap-northeast-1", "cost.month_cap_usd": "990"},
    "RDS Proxy in lab": {"database.proxy": "true", "database.shop_pool": "10", "database.service_pool": "10"},
    "no RDS Proxy in prod": {
        "stage": "prod",
        "database.proxy": "false",
        "database.instance_class": "db.m7g.large",
        "database.shop_pool": "5",
        "database.service_pool": "1",
        "cost.month_cap_usd": "1100",
    },
    "off-hours in prod": {"stage": "prod", "off_hours": "true"},
    "off-hours with Aurora": {"stage": "dev", **_AURORA},
    "spot nodes a zone": {
        "stage": "prod",
        "eks.on_demand.min": "4",
        "eks.spot.per_zone": "true",
        "eks.spot.min": "2",
    },
    "people in the cluster": {
        "eks.public_endpoint": "false",
        "eks.admins": "arn:aws:iam::123456789012:role/Admin",
        "eks.developers": "arn:aws:iam::123456789012:user/dev",
    },
    "Kubernetes 1.36": {
        "eks.version": "1.36",
        "eks.addons.kube-proxy": "v1.36.0-eksbuild.25",
        "eks.addons.coredns": "v1.14.3-eksbuild.23",
    },
    "options of the cluster": {
        "eks.on_demand.desired": "3",
        "eks.on_demand.max": "4",
        "eks.prometheus": "true",
        "eks.vertical_recommendations": "true",
        "eks.github_repository": "example/tiketi",
        "eks.mail_identity": "tickets@example.com",
    },
    "options of the cluster in prod": {
        "stage": "prod",
        **_DOMAIN,
        "eks.prometheus": "true",
        "eks.vertical_recommendations": "true",
        "eks.github_repository": "example/tiketi",
        "network.interface_endpoints": "true",
        "cost.month_cap_usd": "1080",
    },
    "notified": {
        "monitoring.email": "ops@example.com",
        "monitoring.cost_anomaly_monitor_arn": "arn:aws:ce::123456789012:anomalymonitor/0000",
        "monitoring.cloudtrail": "true",
        "monitoring.watch_cdn": "true",
    },
    "watched closely": {
        "monitoring.burn_rate_alarms": "true",
        "monitoring.anomaly_detection": "true",
        "monitoring.application_signals": "true",
        "monitoring.weekly_report": "true",
        "monitoring.canary_minutes": "5",
        "backup.plan": "true",
        "backup.drill": "true",
    },
    "lab account": {"lab_account": "true"},
    "challenge": SETTINGS,  # one way to all points of docs/labs/en/challenge.md within its cap
    "pipeline": {"stage": "dev", "delivery.github_repository": "example/cloudmart", "delivery.github_provider": "true"},
    "pipeline in prod": {"stage": "prod", "delivery.github_repository": "example/cloudmart"},
    "canary in prod": {"stage": "prod", "monitoring.canary_minutes": "5", "cost.month_cap_usd": "990", **_DOMAIN},
    "protected lab": {"deletion": "keep-data", "deletion_protection": "true", "backup.plan": "true"},
    "other figures": {
        "backend.patch_window": "tue:14:30",
        "backend.patch_after_days": "3",
        "name": "team3",
        "owner": "team3",
        "cost_center": "course",
        "log_retention_days": "14",
        "network.cidr": "10.20.0.0/16",
        "network.public": "10.20.1.0/24,10.20.2.0/24",
        "network.private": "10.20.10.0/23,10.20.12.0/23",
        "network.data": "10.20.20.0/26,10.20.20.64/26",
        "network.pods_cidr": "100.65.0.0/16",
        "network.pods": "100.65.0.0/18,100.65.64.0/18",
        "logs.expire_days": "120",
        "logs.customer_key": "true",
        "database.version": "17.5",
        "database.name": "shop",
        "database.storage_gb": "50",
        "database.max_storage_gb": "100",
        "database.connection_timeout_s": "10",
        "database.shop_pool": "1",
        "database.service_pool": "2",
        "database.reserved_connections": "5",
        "database.backup_days": "2",
        "database.backup_window": "16:00-17:00",
        "database.maintenance_window": "sun:18:30-sun:19:30",
        "database.aurora_min_acu": "1",
        "database.aurora_max_acu": "8",
        "cache.snapshot_days": "2",
        "cache.snapshot_window": "16:00-17:00",
        "cache.maintenance_window": "sun:18:30-sun:19:30",
        "backup.plan": "true",
        "backup.daily_days": "14",
        "backup.weekly_days": "60",
        "backend.volume_gb": "16",
        "backend.cpu_target": "60",
        "backend.memory_target": "70",
        "backend.requests_per_target": "500",
        "backend.trace_percent": "0.5",
        "frontend.dist": "cloudmart_cdk/assets/site",
        "frontend.requests_per_minute": "2000",
        "frontend.content_security_policy": "default-src 'self'",
        "eks.max_pods": "60",
        "eks.webhook_ports": "9443,8443",
        "eks.volume_gb": "30",
        "eks.addons.vpc-cni": "v1.23.0-eksbuild.1",
        "eks.services.auth.path": "/api/login",
        "eks.services.auth.cpu_request": "50",
        "eks.services.auth.cpu_limit": "250",
        "eks.services.auth.memory_request": "64",
        "eks.services.auth.memory_limit": "256",
        "eks.services.auth.replicas": "1",
        "eks.services.auth.hpa_max": "2",
        "eks.services.auth.uses": "db,cache",
        "eks.services.auth.websocket": "true",
        "eks.services.search.port": "3007",
        "eks.services.search.path": "/api/search",
        "eks.services.search.cpu_request": "50",
        "eks.services.search.cpu_limit": "50",
        "eks.services.search.memory_request": "64",
        "eks.services.search.memory_limit": "64",
        "eks.services.search.replicas": "1",
        "eks.services.search.hpa_max": "1",
        "eks.services.search.uses": "",
        "eks.services.search.calls": "event,auth",
        "eks.services.search.secrets": "jwt",
        "eks.services.search.outward": "maps",
        "eks.services.search.writes_images": "true",
        "eks.services.search.sends_mail": "true",
        "eks.services.search.queue_length": "0",
        "eks.services.search.capacity": "on-demand",
        "eks.service_cidr": "192.168.128.0/20",
        "eks.stand_in": f"public.ecr.aws/docker/library/busybox@sha256:{'37f7b378' * 8}",
        "eks.mail_identity": "example.com",
        "eks.trace_percent": "0.5",
        "eks.charts.keda": "2.20.1",
        "monitoring.runbook_url": "https://wiki.example.com/runbook",
        "monitoring.availability_slo": "99.99",
        "monitoring.latency_slo_ms": "100",
        "monitoring.budget_usd": "30",
        "monitoring.budget_scope": "tags",
        "cost.session_cap_usd": "1.5",
    },
}

_ALONE: Final[dict[str, Context]] = {
    f"{stack} alone": {"skip": only(stack)} for stack in (VPC, DATA, BACKEND, FRONTEND, EKS, MONITORING)
}
_EDGES: Final[dict[str, Context]] = {
    "EdgeStack with what needs it": {"stage": "prod", "skip": only(FRONTEND)},
    "EdgeWatchStack alone": {"stage": "dev", "skip": only(EDGE_WATCH)},
    "all but the cluster in prod": {"stage": "prod", "skip": EKS},
    "all but the CDN in prod": {"stage": "prod", "skip": f"{FRONTEND},{EDGE_WATCH}"},
    "only the network watched in prod": {"stage": "prod", "skip": only(VPC, MONITORING)},
}

MATRIX: Final[dict[str, Context]] = {
    **{stage: {"stage": stage} for stage in STAGES},
    **_ALONE,
    **_EDGES,
    **_OPTIONS,
}

"""Configurations whose dashboards differ from a plain stage's."""

from collections.abc import Mapping
from typing import Final

CONTEXTS: Final[Mapping[str, Mapping[str, str]]] = {
    "lab": {"stage": "lab"},
    "prod": {"stage": "prod"},
    "Aurora with a reader": {
        "stage": "prod",
        "database.engine": "aurora",
        "database.read_replicas": "1",
        "database.reader_pool": "4",
        "backup.drill": "false",
    },
    "all options": {
        "stage": "prod",
        "domain.name": "shop.example.com",
        "domain.zone_id": "Z0123456789ABCDEFGHIJ",
        "monitoring.canary_minutes": "5",
        "database.read_replicas": "1",
        "backup.copy_region": "ap-northeast-1",
    },
    "alone": {
        "stage": "lab",
        "skip": "VpcStack,DataStack,BackendAsgStack,FrontendCdnStack,EksPlatformStack,EdgeWatchStack",
    },
}

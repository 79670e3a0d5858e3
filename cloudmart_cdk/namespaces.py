"""Kubernetes' namespaces, by what is in them. Does not import `aws_cdk`."""

from typing import Final

SERVICES: Final = "tiketi"
CONTROLLERS: Final = "platform"
MONITORING: Final = "monitoring"
"""Prometheus and Grafana, where they are on."""

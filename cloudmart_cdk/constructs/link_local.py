"""Addresses that every node answers itself: no network policy for the internet may include them."""

from ipaddress import IPv4Network
from typing import Final

LINK_LOCAL: Final = IPv4Network("169.254.0.0/16")
POD_IDENTITY_AGENT: Final = IPv4Network("169.254.170.23/32")
"""Where pods get their AWS credentials, by HTTP (EKS guide, "Learn how EKS Pod Identity grants pods access")."""

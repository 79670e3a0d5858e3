"""The services of Tiketi on the cluster, built from the service table. Specification section 6.

The rooms: `names` (labels, and what is called what), `environment`, `pods` (the Deployment), `scaling` (autoscaler,
disruption budget), `traffic` (Service, binding), `network_policies`, `stand_in` (what runs before the first release),
`rights` (IAM): plain functions from settings to Kubernetes objects or IAM statements. `service` and
`services` are the constructs that put them into the template, by `manifest`. Why it is so: ADR 0019.
"""

from .service import Service
from .services import Services, ServicesNamespace

__all__ = ["Service", "Services", "ServicesNamespace"]

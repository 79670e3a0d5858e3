"""What a release changes, and by whom: on AWS the service's Automation document, in the local cloud the user.

The document's role may do exactly these calls on exactly this service, whoever starts it (ADR 0020). The local cloud
has no Automation and no rights: the same calls are made directly.
"""

import time
from dataclasses import dataclass
from typing import Any, Final, Protocol

from cloudmart_cdk import service_releases as releases
from cloudmart_cdk.service_releases import Order
from delivery.errors import DeliveryError
from delivery.place import Place
from delivery.services.platform import Service

_NOTHING_NEW: Final = "No updates are to be performed"
_BUSY: Final = ("_IN_PROGRESS state and can not be updated", "is in UPDATE", "being updated")
_EXECUTION_S: Final = 120.0
"""One call; what it sets off is waited for elsewhere."""


class BusyError(Exception):
    """Somebody else has begun to change the stack in between."""


class Hands(Protocol):
    """The orders. All but `weights` begin an update of the stack; False: it is so already. Raises `BusyError`."""

    def weights(self, canary: int) -> None:
        """So many percent of the requests to the canary, the others to stable."""

    def release(self, image: str, release: str) -> bool:
        """Stable gets an image (a digest), noted as `release`; both empty: the stand-in."""

    def canary(self, image: str, minimum: int) -> bool:
        """A canary comes to be, of at least so many pods (0: as the table says), and stable keeps as many."""

    def end(self) -> bool:
        """No canary any more."""


def of(place: Place, service: Service) -> Hands:
    """Those of the place."""
    return Direct(place, service) if place.local else Document(place, service)


@dataclass(frozen=True)
class Direct:
    """The calls themselves."""

    place: Place
    service: Service

    def weights(self, canary: int) -> None:
        service = self.service
        call = releases.modify_rule(service.rule, service.groups, releases.shares(canary), service.stickiness)
        self.place.client("elbv2").modify_rule(**call)

    def release(self, image: str, release: str) -> bool:
        order = Order.RELEASE if image else Order.STAND_IN
        return self._update(releases.changes(order, self.service.name, image=image, release=release))

    def canary(self, image: str, minimum: int) -> bool:
        return self._update(releases.changes(Order.CANARY, self.service.name, image=image, minimum=str(minimum)))

    def end(self) -> bool:
        return self._update(releases.changes(Order.END, self.service.name))

    def _update(self, changed: dict[str, str]) -> bool:
        cloudformation = self.place.client("cloudformation")
        try:
            cloudformation.update_stack(**releases.update_stack(self.service.stack, self.service.every, changed))
        except cloudformation.exceptions.ClientError as error:
            return _judge(str(error), otherwise=error)
        return True


@dataclass(frozen=True)
class Document:
    """Executions of the document."""

    place: Place
    service: Service

    def weights(self, canary: int) -> None:
        shares = releases.shares(canary)
        self._run(Order.WEIGHTS, {track.title(): str(weight) for track, weight in shares.items()})

    def release(self, image: str, release: str) -> bool:
        if image:
            return self._run(Order.RELEASE, {"Image": image, "Release": release})
        return self._run(Order.STAND_IN, {})  # Automation takes no empty value

    def canary(self, image: str, minimum: int) -> bool:
        return self._run(Order.CANARY, {"Image": image, "Minimum": str(minimum)})

    def end(self) -> bool:
        return self._run(Order.END, {})

    def _run(self, order: Order, values: dict[str, str]) -> bool:
        ssm = self.place.client("ssm")
        name = releases.document_name(self.place.settings.names, self.service.name)
        started = ssm.start_automation_execution(
            DocumentName=name,
            DocumentVersion="$DEFAULT",
            Parameters={key: [value] for key, value in {"Order": order, **values}.items()},
        )
        deadline = time.monotonic() + _EXECUTION_S
        while True:
            answer: dict[str, Any] = ssm.get_automation_execution(
                AutomationExecutionId=started["AutomationExecutionId"]
            )["AutomationExecution"]
            match answer["AutomationExecutionStatus"]:
                case "Success":
                    return True
                case "Pending" | "InProgress" | "Waiting" if time.monotonic() < deadline:
                    time.sleep(min(self.place.poll_s, 1.0))
                case status:
                    message = " ".join(str(answer.get("FailureMessage", "no reason given")).split())
                    do = "mend it and run this again"
                    return _judge(message, otherwise=DeliveryError(name, why=f"{order}: {status}: {message}", do=do))


def _judge(message: str, *, otherwise: Exception) -> bool:
    """What CloudFormation refuses because it is so already is done; what it refuses because it is busy can wait."""
    if _NOTHING_NEW in message:
        return False
    if any(sign in message for sign in _BUSY):
        raise BusyError
    raise otherwise

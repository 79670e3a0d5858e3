"""Small bills made by hand, for tests of what is shown and compared."""

from datetime import date
from typing import Final

from cloudmart_cdk.costs.bill import Item
from cloudmart_cdk.costs.charge import Kind
from cloudmart_cdk.costs.prices import Document, Line
from cloudmart_cdk.settings import load_settings
from tools.cost.figures import Sheet

READ: Final = Document("A price list", "https://example.com/prices", date(2026, 11, 20))
_STACKS: Final = ("VpcStack", "DataStack")


def line(id: str, course: float, seoul: float | None = None, *, unit: str = "hour") -> Line:
    return Line(id, unit, course, READ, seoul, READ if seoul is not None else None, "")


def item(
    what: str,
    course: float = 0.1,
    seoul: float | None = 0.2,
    *,
    price: str = "",
    stack: str = "DataStack",
    resource: str = "Database",
    type: str = "AWS::RDS::DBInstance",
    kind: Kind = "fixed",
    quantity: float = 1,
    source: str = "",
    unit: str = "hour",
) -> Item:
    """USD an hour, in both books."""
    return Item(
        stack=stack,
        logical_id=resource,
        resource_type=type,
        path=f"{stack}/{resource}",
        region="ap-northeast-2",
        what=what,
        kind=kind,
        line=line(price or what.replace(" ", "-"), course, seoul, unit=unit),
        quantity=quantity,
        per="hour",
        source=source,
    )


def sheet(*items: Item, stage: str = "prod", label: str = "", **context: str) -> Sheet:
    settings = load_settings({"stage": stage, **context})
    return Sheet(stage, label or stage, settings, items, _STACKS)

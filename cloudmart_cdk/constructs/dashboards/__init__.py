"""What the dashboards show, one module each; `boards` hands out those whose stacks are there.

Owns contents and layout, as data. How a body reaches CloudWatch is `constructs.dashboard`'s, how it looks without AWS
`tools.dashboards`'. Graphs of alarms are drawn from the alarm table's rows, thresholds included: what wakes people and
what they then see cannot differ.
"""

from .boards import Board, boards
from .place import Place

__all__ = ["Board", "Place", "boards"]

"""Alarms: the rows, one module an area of what is watched, and the constructs that make alarms of them.

The rooms: `table` (the areas and their pages; start here), `row` (the shape of a row), `alarms` (the constructs),
`usage` (rows that many areas have), `rollout` (what steers a rollout), `budget` (error budgets), and what is watched:
`balancer`, `backend`, `cluster`, `network`, `database`, `cache`, `operation`, `restore_drill`, `edge` (CloudFront).
A function of this project's own brings its row beside its construct (`notifier`, `canary`, `weekly_report`).
"""

from .alarms import Alarms, Pages
from .row import Alarm, Fires, Math, Metric, Page, Severity, Silence, Together, alarm_name, describe

__all__ = [
    "Alarm",
    "Alarms",
    "Fires",
    "Math",
    "Metric",
    "Page",
    "Pages",
    "Severity",
    "Silence",
    "Together",
    "alarm_name",
    "describe",
]

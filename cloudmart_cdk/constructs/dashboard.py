"""A CloudWatch dashboard, its body handed over in one call. What it shows is in `dashboards`."""

import json
from collections.abc import Iterable

from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from .dashboards.widgets import Widget


class Dashboard(Construct):
    """Costs 3 USD a month beyond the account's first three.

    `name`: by which people find it. `start`: of the time that is shown at first, e.g. `-PT6H`. `widgets`: with their
    places.
    """

    def __init__(self, scope: Construct, id: str, *, name: str, start: str, widgets: Iterable[Widget]) -> None:
        super().__init__(scope, id)
        body = {"start": start, "periodOverride": "inherit", "widgets": list(widgets)}
        # Tokens survive json.dumps: they are names and ids, without a character that JSON would escape.
        cloudwatch.CfnDashboard(self, "Dashboard", dashboard_name=name, dashboard_body=json.dumps(body))

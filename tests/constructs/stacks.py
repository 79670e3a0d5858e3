"""A construct in a small stack of its own, as a template."""

from collections.abc import Callable
from typing import Any

import aws_cdk as cdk

from tests.support import feature_flags

Resources = dict[str, dict[str, Any]]


def resources(make: Callable[[cdk.Stack], object], type: str) -> list[dict[str, Any]]:
    """The properties of all resources of a type that `make` puts into a stack in Seoul."""
    app = cdk.App(context=feature_flags(), builtin_cloud_formation_validation=False, analytics_reporting=False)
    stack = cdk.Stack(app, "Stack", env=cdk.Environment(region="ap-northeast-2"))
    make(stack)
    found: Resources = app.synth().get_stack_by_name("Stack").template["Resources"]
    return [resource["Properties"] for resource in found.values() if resource["Type"] == type]

"""Stacks in the tests' emulator: create, wait, explain."""

import ast
import json
import time
from pathlib import Path
from typing import Any

import localcloud.server
from localcloud.aws import Clients
from tests.localcloud.templates import Template


def recorded_types() -> list[str]:
    """The record-only list, read as text: importing the server's modules would start MiniStack's here."""
    source = Path(localcloud.server.__file__).with_name("records.py").read_text()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.AnnAssign) and getattr(node.target, "id", "") == "TYPES":
            assert isinstance(node.value, ast.Dict)
            return [str(ast.literal_eval(key)) for key in node.value.keys if key is not None]
    raise AssertionError("no list of record-only types")


def settle(cloudformation: Any, name: str) -> dict[str, Any]:
    """The stack, once nothing is in progress."""
    deadline = time.monotonic() + 300
    while True:
        stack: dict[str, Any] = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
        if not stack["StackStatus"].endswith("_IN_PROGRESS"):
            return stack
        assert time.monotonic() < deadline
        time.sleep(0.1)


def reasons(cloudformation: Any, stack_id: str) -> list[str]:
    """Why resources failed."""
    events = cloudformation.describe_stack_events(StackName=stack_id)["StackEvents"]
    return [
        f"{e['LogicalResourceId']}: {e.get('ResourceStatusReason')}" for e in events if "FAILED" in e["ResourceStatus"]
    ]


def create(clients: Clients, name: str, template: Template) -> dict[str, str]:
    """Logical id -> physical id of a new stack."""
    cloudformation = clients.client("cloudformation")
    stack_id = cloudformation.create_stack(
        StackName=name, TemplateBody=json.dumps(template), Capabilities=["CAPABILITY_IAM"]
    )["StackId"]
    assert settle(cloudformation, name)["StackStatus"] == "CREATE_COMPLETE", reasons(cloudformation, stack_id)
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=name)
    return {r["LogicalResourceId"]: r["PhysicalResourceId"] for page in pages for r in page["StackResourceSummaries"]}

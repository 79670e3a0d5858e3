"""Step `Compare`: has the function compare, and waits for its answer.

The action for functions waits five minutes, this one ten (Systems Manager guide, Automation actions reference).
Systems Manager runs this text by itself.
"""

import json
from typing import Any

import boto3
from botocore.config import Config

PATIENCE = Config(connect_timeout=10, read_timeout=590, tcp_keepalive=True, retries={"total_max_attempts": 1})


def handle(event: dict[str, Any], _: Any) -> dict[str, str]:
    """`event`: Function, and what is handed to it. Answers what it says; raises what is different."""
    function = event.pop("Function")
    answer = boto3.client("lambda", config=PATIENCE).invoke(FunctionName=function, Payload=json.dumps(event).encode())
    said = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise RuntimeError(
            said.get("errorMessage", "error: comparison: the function ended without a word; see its log")
        )
    if not said.pop("Equal"):
        raise RuntimeError("different: " + said["Text"])
    return {name: str(value) for name, value in said.items()}

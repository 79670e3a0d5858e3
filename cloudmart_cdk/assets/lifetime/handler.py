"""Entry point, every quarter of an hour: deletes what is over and no longer needed, says so of every stack, and fails
when something is stuck, which is what its alarm hears of.

Keeps no memory: what is to be done follows from what CloudFormation describes, so a run that fails is made up for by
the next one, and two at once do no harm.
"""

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from .stacks import Stack, read
from .verdicts import Fate, Verdict, judge

_CONFIG: Final = Config(connect_timeout=5, read_timeout=30, retries={"mode": "standard", "max_attempts": 5})


class StuckError(Exception):
    """Stacks whose life is over, and which do not go."""


def handle(event: dict[str, Any], _context: Any) -> dict[str, list[str]]:
    """Answers what was told to go. Raises `StuckError`, after everything else was done.

    `early_hours` in the event ends every life so much earlier: how a teacher ends the day. The schedule sends none.
    """
    now = datetime.now(UTC) + timedelta(hours=float(event.get("early_hours", 0)))
    stage, needed_by = os.environ["STAGE"], json.loads(os.environ["NEEDED_BY"])
    clients = {region: boto3.client("cloudformation", region, config=_CONFIG) for region in _regions()}
    stacks = list(_stacks(clients, stage=stage, kinds=needed_by.keys()))
    going, stuck = [], []
    for verdict in judge(stacks, needed_by=needed_by, now=now):
        refusal = _delete(clients[verdict.of.region], verdict.of) if verdict.deletes else ""
        _say(verdict, refusal)
        if verdict.fate is Fate.STUCK or refusal:
            stuck.append(verdict.of.name)
        elif verdict.deletes:
            going.append(verdict.of.name)
    if stuck:
        raise StuckError(f"over, and do not go: {', '.join(stuck)}")
    return {"going": going}


def _regions() -> list[str]:
    return os.environ["REGIONS"].split(",")


def _stacks(clients: dict[str, Any], *, stage: str, kinds: Any) -> Iterator[Stack]:
    for region, client in clients.items():
        for page in client.get_paginator("describe_stacks").paginate():
            for described in page["Stacks"]:
                stack = read(described, region=region, stage=stage, kinds=kinds)
                if stack:
                    yield stack


def _delete(client: Any, stack: Stack) -> str:
    """Asks for it, by the role that the stack was made with; answers why that was refused, or nothing."""
    try:
        client.delete_stack(StackName=stack.id)
    except ClientError as refused:
        return str(refused.response["Error"].get("Message", refused))
    return ""


def _say(verdict: Verdict, refusal: str) -> None:
    stack = verdict.of
    line = {
        "level": "error" if refusal or verdict.fate is Fate.STUCK else "info",
        "message": f"{stack.name} {verdict.fate}",
        "stack": stack.name,
        "copy": stack.copy,
        "owner": stack.owner,
        "region": stack.region,
        "status": stack.status,
        "ends": stack.ends.isoformat(timespec="seconds") if stack.ends else "",
    }
    if verdict.fate is Fate.WAITS:
        line["message"] += f" for {', '.join(verdict.behind)}"
    if refusal:
        line["refused"] = refusal
    print(json.dumps(line))

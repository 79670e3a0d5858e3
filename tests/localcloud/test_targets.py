"""Targets of a target group when many hands change them at once, as deployments and scaling groups do.

In a process of its own: MiniStack's modules are for the emulator only.
"""

import subprocess
import sys

from localcloud.state import PROJECT

_CROWD = """
import sys
from concurrent.futures import ThreadPoolExecutor

from localcloud.server.mends import auto_scaling, balancing
from ministack.services import alb

sys.setswitchinterval(1e-6)
alb._tgs["crowd"] = {"Port": 80}
ids = [f"i-{number}" for number in range(40)]


def leave(id):
    balancing._deregister({"TargetGroupArn": "crowd", "Targets.member.1.Id": id})


def come(id):
    balancing._register({"TargetGroupArn": "crowd", "Targets.member.1.Id": id})


with ThreadPoolExecutor(8) as hands:
    for turn in range(60):
        list(hands.map(come, ids))
        came = sorted(target["Id"] for target in alb._targets["crowd"])
        assert came == sorted(ids), ("lost while they came", turn, came)
        away = hands.submit(auto_scaling._leave, ["crowd"], ids[::2])
        list(hands.map(leave, ids[1::2]))
        away.result()
        assert alb._targets["crowd"] == [], ("came back", turn, alb._targets["crowd"])
print("done")
"""


def test_who_leaves_at_once_with_others_does_not_come_back() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", _CROWD], cwd=PROJECT, capture_output=True, text=True, check=False, timeout=300
    )
    assert ended.stdout.splitlines()[-1:] == ["done"], ended.stderr

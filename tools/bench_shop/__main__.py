"""Prints a table of figure and target; status 1 when one is missed."""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median, quantiles
from typing import Any, Final

from tools.assembly import PROJECT
from tools.bench_shop import load, queries, stage

PRODUCTS: Final = 100_000
MIXED_SECONDS: Final = 10
ROUNDS, ROUND_SECONDS = 3, 1
REQUEST_MS: Final = 200.0
RATIO: Final = 0.5
QUERY_MS: Final = 50.0
MEGABYTES: Final = 150.0


def p95(milliseconds: list[float]) -> float:
    return quantiles(milliseconds, n=20)[-1]


def loaded(port: int, what: str, seconds: float) -> dict[str, Any]:
    """What a process of its own measures."""
    done = subprocess.run(
        [sys.executable, "-m", "tools.bench_shop.load", str(port), what, str(seconds)],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def resident(pid: int) -> float:
    """Megabytes of a process, shared pages included: VmRSS of /proc/PID/status."""
    rows = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(row.split()[1]) / 1024 for row in rows if row.startswith("VmRSS"))


class Table:
    def __init__(self) -> None:
        self.missed = False

    def row(self, what: str, figure: float, unit: str, target: float | None = None, *, least: bool = False) -> None:
        if target is None:
            print(f"  {what:<44} {figure:9.2f} {unit}")
            return
        kept = figure >= target if least else figure < target
        self.missed |= not kept
        words = f"{'at least' if least else 'below'} {target:g}: {'kept' if kept else 'MISSED'}"
        print(f"  {what:<44} {figure:9.2f} {unit:<8} {words}")


def main() -> int:
    began = time.monotonic()
    table = Table()
    root = PROJECT / ".cache" / "bench_shop"
    root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root) as name, stage.started(Path(name)) as bench:
        folder = Path(name)
        folder.chmod(0o755)
        with stage.process([str(stage.SHOP / "bin" / "start")], bench.environment, folder / "shop.log") as (pid, port):
            bench.fill(PRODUCTS)
            print(f"shop, {PRODUCTS:,} products, two connections, one process; p95 unless said otherwise")
            _queries(table, bench)
            _requests(table, port)
            bare = [sys.executable, str(PROJECT / "tools" / "bench_shop" / "bare.py")]
            with stage.process(bare, bench.environment, folder / "bare.log") as (_, bare_port):
                _throughput(table, port, bare_port)
            table.row("memory of the process, after all that", resident(pid), "MB", MEGABYTES)
    print(f"  took {time.monotonic() - began:.0f} s")
    return int(table.missed)


def _queries(table: Table, bench: stage.BenchStage) -> None:
    took = queries.measure(bench.postgres.host, bench.postgres.port, bench.ca_file)
    for kind, milliseconds in took.items():
        table.row(f"database: {kind}", p95(milliseconds), "ms")
    table.row("database: the slowest kind", max(map(p95, took.values())), "ms", QUERY_MS)


def _requests(table: Table, port: int) -> None:
    answer = loaded(port, "mixed", MIXED_SECONDS)
    took: dict[str, list[float]] = answer["milliseconds"]
    for kind in sorted(took):
        table.row(f"{load.RATE} requests a second: {kind}", p95(took[kind]), "ms")
    everything = [one for some in took.values() for one in some]
    table.row(f"{load.RATE} requests a second, mixed", p95(everything), "ms", REQUEST_MS)
    table.row("requests that failed", len(answer["failed"]), f"of {len(everything)}", 1)


def _throughput(table: Table, port: int, bare_port: int) -> None:
    """In turn, so that whatever else the machine does hits all.

    The target is of the list that everybody sees, which is what a crowd asks for and is made once a second. A list
    that nobody has asked for costs two queries; the framework's constant costs none, so that ratio has no target.
    """
    rounds: dict[str, list[float]] = {"same": [], "uncached": [], "bare": []}
    for _ in range(ROUNDS):
        rounds["same"].append(loaded(port, "/api/products", ROUND_SECONDS)["per_second"])
        rounds["uncached"].append(loaded(port, "uncached", ROUND_SECONDS)["per_second"])
        rounds["bare"].append(loaded(bare_port, "/", ROUND_SECONDS)["per_second"])
    table.row("FastAPI answering a constant", median(rounds["bare"]), "1/s")
    for kind, what, target in (
        ("same", "one list, kept for a second (the target's)", RATIO),
        ("uncached", "another page each time, from the database", None),
    ):
        table.row(what, median(rounds[kind]), "1/s")
        ratio = median(ours / bare for ours, bare in zip(rounds[kind], rounds["bare"], strict=True))
        table.row("  ratio to the constant, median of rounds", ratio, "", target, least=True)


if __name__ == "__main__":
    sys.exit(main())

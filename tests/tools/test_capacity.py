"""The capacity table of docs/eks.md."""

from cloudmart_cdk.settings import capacity, load_settings
from tests.support import PROJECT
from tools.capacity import STAGES, capacity_table, text
from tools.docs import fill


def _row(table: str, name: str) -> list[str]:
    (line,) = [line for line in table.splitlines() if line.startswith(f"| {name} |")]
    return [cell.strip() for cell in line.split("|")[2:-1]]


def test_the_page_has_the_table_of_this_checkout() -> None:
    """`python -m tools.capacity` prints it."""
    page = (PROJECT / "docs" / "eks.md").read_text(encoding="utf-8")
    assert fill(page, {"capacity": text()}) == page


def test_a_column_for_each_stage() -> None:
    table = text()
    assert _row(table, "") == list(STAGES)
    assert _row(table, "**first nodes**") == ["2 + 0", "2 + 0", "2 + 2", "4 + 2"]
    assert _row(table, "**most nodes**") == ["3 + 0", "4 + 4", "10 + 20", "10 + 20"]


def test_figures_are_those_that_synth_refuses_by() -> None:
    eks = load_settings({}).eks
    table = capacity_table({"lab": eks})
    plan = capacity.at_minimum(eks)
    own = sum(pod.cpu_m for pod in capacity.wanted(eks, "replicas") if pod.name not in eks.services)
    assert _row(table, "a node gives to pods") == ["1,930m, 2,993 MiB"]
    assert _row(table, "the cluster's other pods take")[0].startswith(f"{own:,}m, ")
    services = sum(pod.cpu_m for pod in plan.pods) - own
    assert _row(table, "services at `replicas`, one new pod")[0].startswith(f"15 pods, {services:,}m, ")

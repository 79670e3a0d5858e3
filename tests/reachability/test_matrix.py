"""Who reaches whom equals the matrix: every pair, every port at which any rule begins or ends.

The ways are those of the synthesized templates, through all layers together; the matrix is `matrix.toml`.
"""

from functools import cache
from typing import Final

import pytest

from cloudmart_cdk.policy.assembly import load
from tests.matrix import MATRIX
from tests.reachability import cluster
from tests.reachability.comparison import BOTH_ENDS, Comparison
from tests.reachability.expectations import HEADINGS, Expectations, Line, lines
from tests.reachability.samples import policy
from tests.support import synthesize
from tools.reachability.landscape import Landscape
from tools.reachability.path import Paths, asked
from tools.reachability.verdict import Layer

CONFIGURATIONS: Final = (
    *("lab", "prod", "interface endpoints", "domain in prod", "stated sources", "other figures"),
    "options of the cluster in prod",  # Prometheus and Grafana
)
"""Of `tests.matrix`: without and with a proxy, and every option that changes who meets whom."""
EACH: Final = pytest.mark.parametrize(
    "configuration",
    # All tests of one configuration to one worker, which asks its questions once.
    [pytest.param(name, marks=pytest.mark.xdist_group(f"reachability, {name}")) for name in CONFIGURATIONS],
)


@cache
def landscape(configuration: str) -> tuple[Landscape, Expectations]:
    """Who is there, and what ought to be."""
    built = synthesize(MATRIX[configuration])
    found = Landscape(load(built.folder, built.settings))
    return found, Expectations(built.settings, found.endpoints)


@cache
def compared(configuration: str) -> Comparison:
    return Comparison(*landscape(configuration))


@EACH
def test_who_reaches_whom_equals_the_matrix(configuration: str) -> None:
    """`python -m tools.reachability auth database:5432 --stage prod` shows every layer of one of them."""
    differences = compared(configuration).differences
    assert not differences, f"{len(differences)} differences:\n" + "\n".join(differences)


@EACH
def test_our_pods_are_kept_apart_at_both_ends(configuration: str) -> None:
    """Between two pods of ours two policies refuse: one that is lost opens nothing."""
    assert compared(configuration).one_end == []


@EACH
def test_most_of_what_is_denied_is_denied_twice(configuration: str) -> None:
    """`python -m tests.reachability` prints the figures."""
    assert compared(configuration).twice > 0.7


@EACH
def test_everybody_is_in_the_matrix(configuration: str) -> None:
    """Whatever has a security group is somebody; who is in no line would be closed without anyone having said so."""
    found, expected = landscape(configuration)
    assert set(found.endpoints) - expected.known == set()


def test_every_line_of_the_matrix_speaks_of_somebody() -> None:
    met: set[Line] = set().union(*(landscape(each)[1].met for each in CONFIGURATIONS))
    assert {str(line) for line in set(lines()) - met} == set()


def test_a_difference_is_told_with_who_refuses() -> None:
    """Of a cluster that the matrix does not know."""
    app = cluster.app()
    found = Landscape(app)
    told = Comparison(found, Expectations(app.settings, found.endpoints)).differences
    assert "web to api, tcp 3000: allowed; the matrix says denied" in told
    assert "node to control-plane, tcp 443: denied by security group, in; the matrix says allowed" in told


def test_a_policy_lost_at_one_end_is_told() -> None:
    wide = policy("api", labels={"app": "api"}, policyTypes=["Ingress"], ingress=[{}])
    app = cluster.app({"api-policy": wide})
    found = Landscape(app)
    assert "web to api, tcp 22" in Comparison(found, Expectations(app.settings, found.endpoints)).one_end


def test_every_heading_is_known() -> None:
    assert {line.heading for line in lines()} == set(HEADINGS)


@pytest.mark.parametrize(
    "configuration",
    [pytest.param(name, marks=pytest.mark.xdist_group(f"reachability, {name}")) for name in ("lab", "prod")],
)
def test_policies_mean_the_same_to_another_cni(configuration: str) -> None:
    """What Amazon's agent makes of our policies is what the Kubernetes reference says of them."""
    found, expected = landscape(configuration)
    paths, told = Paths(found), []
    ports = sorted({*found.edges(), *expected.edges()})
    for source, target in ((a, b) for a in found.endpoints.values() for b in found.endpoints.values()):
        ours = found.policed(source) or found.policed(target)
        if not asked(source, target) or not ours or source.own_node or target.own_node or target.link_local:
            continue
        for protocol, port in ports:
            for way in paths.ways(source, target, protocol, port):
                verdicts = {layer: verdict.allowed for layer, verdict in paths.steps(way) if layer in BOTH_ENDS}
                out, in_ = paths.portable(way)
                reference = {Layer.POLICY_OUT: out.allowed, Layer.POLICY_IN: in_.allowed}
                if any(reference[layer] is not verdict for layer, verdict in verdicts.items()):
                    told.append(str(way))
    assert told == []

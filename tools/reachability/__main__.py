"""`python -m tools.reachability auth database:5432 --stage prod`: why can (or can't) this one reach that one?

Asks every layer of the synthesized templates; no account is needed and nothing is changed. Without a target it lists
who is there and whom the source reaches.
"""

import argparse
import sys
from collections.abc import Sequence

from cloudmart_cdk.policy.assembly import load
from cloudmart_cdk.settings import SettingsError, load_settings
from tools.assembly import synthesize

from .endpoints import Endpoint
from .landscape import Landscape
from .path import Paths, Way, asked
from .verdict import Layer, Protocol, Verdict


def main(arguments: Sequence[str] | None = None) -> int:
    """Status 0: reachable; 1: not, or not everywhere; 2: a question that cannot be asked."""
    options = _parser().parse_args(arguments)
    context = {"stage": options.stage} | dict(options.context)
    name, _, port = options.target.partition(":")
    try:
        if name and not port.isdecimal():
            raise LookupError(f"given {options.target}; allowed: a name and a port, as database:5432")
        settings = load_settings(context)
        landscape = Landscape(load(synthesize(context).folder, settings))
        source = _named(landscape, options.source)
        target = _named(landscape, name) if name else None
    except (SettingsError, LookupError) as wrong:
        print(f"error: reachability: {wrong}", file=sys.stderr)
        return 2
    paths = Paths(landscape)
    if target is None:
        print("\n".join(_reached(paths, source)))
        return 0
    if not asked(source, target):
        print(f"error: reachability: given {source} to {target}; allowed: two that could meet", file=sys.stderr)
        return 2
    lines, status = explain(paths, source, target, options.protocol, int(port))
    print("\n".join(lines))
    return status


def explain(paths: Paths, source: Endpoint, target: Endpoint, protocol: Protocol, port: int) -> tuple[list[str], int]:
    """(lines to print, status). Every layer of one way; of an open and a refused one where they differ."""
    answer = paths.answer(source, target, protocol, port)
    lines = [f"{source} to {target}, {protocol} {port}: {answer.state}"]
    shown: dict[bool, Way] = {}
    for way in paths.ways(source, target, protocol, port):
        shown.setdefault(all(verdict.allowed for _, verdict in paths.steps(way)), way)
    for way in shown.values():
        lines += ["", str(way)]
        for layer, verdict in paths.steps(way):
            passes = "passes" if verdict.allowed else "REFUSED"
            lines.append(f"  {passes:8}{layer:24}{_why(paths, way, layer, verdict)}")
    return lines, 0 if answer.state == "allowed" else 1


def _why(paths: Paths, way: Way, layer: Layer, verdict: Verdict) -> str:
    """Of policies those that the reference names, unless the VPC CNI decides otherwise."""
    reference = dict(zip((Layer.POLICY_OUT, Layer.POLICY_IN), paths.portable(way), strict=True)).get(layer)
    if reference is None or reference.allowed is not verdict.allowed:
        return verdict.why
    return reference.why


def _reached(paths: Paths, source: Endpoint) -> list[str]:
    """Whom a source reaches, at the ports where any rule begins."""
    landscape = paths.landscape
    lines = [f"{source} reaches, of {', '.join(landscape.endpoints)}:"]
    asked_ports = sorted(landscape.edges())
    for target in landscape.endpoints.values():
        ports = [
            f"{protocol} {port}"
            for protocol, port in asked_ports
            if asked(source, target) and paths.answer(source, target, protocol, port).state != "denied"
        ]
        if ports:
            lines.append(f"  {target.name:34}{', '.join(ports) if len(ports) < len(asked_ports) else 'every port'}")
    return lines


def _named(landscape: Landscape, name: str) -> Endpoint:
    if name not in landscape.endpoints:
        raise LookupError(f"given {name}; allowed: {', '.join(landscape.endpoints)}")
    return landscape.endpoints[name]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.reachability", description=__doc__)
    parser.add_argument("source", help="an endpoint: auth, auth-canary, node, backend, internet, ...")
    parser.add_argument("target", nargs="?", default="", help="an endpoint and a port: database:5432")
    parser.add_argument("--stage", default="lab")
    parser.add_argument("--protocol", choices=("tcp", "udp"), default="tcp")
    parser.add_argument("-c", dest="context", action="append", default=[], type=_pair, metavar="SETTING=VALUE")
    return parser


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"given {text}; allowed: SETTING=VALUE")
    return name, value


if __name__ == "__main__":
    sys.exit(main())

"""`status`, `verify`, `diff`, `env`: commands that change nothing."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from localcloud import emulator, environment, objects, tiketi
from localcloud.aws import Clients
from localcloud.engines import probes
from localcloud.errors import CloudError
from localcloud.objects import STAND_INS
from localcloud.processes import Process
from localcloud.report import say, table
from localcloud.state import Cloud, State
from localcloud.steps import Options, commands, recorded_rows, refuse_another, settings_of

NOT_AT_WORK: Final = (
    ("security groups, network ACLs, web ACLs", "read back rule by rule; they stop no packet and no request"),
    ("IAM policies", "stored; only bucket policies decide, for CloudFront and for callers without credentials"),
    ("RDS", "PostgreSQL 16 with TLS runs; no standby, no snapshot with data, no IAM login; Aurora is one too"),
    ("read replicas, RDS Proxy", "further addresses of the same PostgreSQL: no lag, no pooling, writes are accepted"),
    ("ElastiCache", "Redis 6.2 with TLS and AUTH runs, a node a shard; no replica, no failover, no snapshot with data"),
    ("EKS", "a record with every figure; no API server, no node and no controller runs, no image is run"),
    (
        "Kubernetes objects, charts",
        "kept with resolved values (`python -m localcloud objects`); nothing else reads them",
    ),
    ("pods behind a load balancer", f"{STAND_INS}; as many as the least, replaced and drained; no autoscaler"),
    ("stickiness of load balancers", "stored; each request is sent by weight, then in turn"),
    ("EC2 instances", "records; what they would install and run is a process of this machine each, under your user"),
    ("alarms on expressions or against a band, metric filters", "stored; never evaluated; other alarms do ring"),
    ("scaling policies, backups, lifecycle rules, the days of a rotation", "stored; their time never comes"),
)
"""What exists here with all its figures and still proves nothing by running."""


def _must_run(state: State) -> Cloud:
    cloud = state.load()
    if cloud is None:
        raise CloudError("no local cloud", why=f"none was started in {state.root}", do="run `make deploy`")
    if not emulator.alive(cloud):
        raise emulator.died(state, cloud)
    return cloud


def verify_again(state: State, *, everything: bool) -> None:
    """Verifies the running cloud; with `everything` all checks are shown, not the failed ones alone."""
    from localcloud import verify

    cloud = _must_run(state)
    with state.exclusive():
        settings = settings_of(cloud.stage, cloud.name, cloud.context)
        view = verify.look(cloud, settings, ca_file=state.ca_file, objects_file=state.objects_file)
        report = verify.run(view)
    if everything:
        say(report.table())
    say(report.summary())
    report.raise_for_failures()


def status(state: State) -> None:
    """What runs, where, and what of it is only recorded."""
    cloud = _must_run(state)
    stand_ins = objects.process_of_pods(state)
    processes = [*cloud.processes, *([Process("stand-ins", *stand_ins)] if stand_ins else [])]
    rows = [(process.role, str(process.pid), "alive" if process.alive() else "DEAD") for process in processes]
    say(f"{cloud.prefix} in {state.root}\n{table(rows)}")
    say(f"\nRunning behind the records\n{table(_running(state, cloud))}")
    say(f"\nOnly recorded, not proven\n{table(recorded_rows(state))}")
    ignored = state.records().get("ignored_properties", {})
    say(f"\nThere, but not at work\n{table(NOT_AT_WORK)}")
    say("\nProperties without effect here")
    say(table((name, ", ".join(properties)) for name, properties in ignored.items()))
    line = tiketi.line(cloud, Clients(cloud).client("elbv2"))
    say("\n".join(["", *([line] if line else []), f"AWS:  {cloud.endpoint}", f"Shop: {cloud.shop}"]))


def _running(state: State, cloud: Cloud) -> Iterator[tuple[str, str, str, str]]:
    """What, name, place or group, how it is. Engines are asked, instances and stand-ins the load balancer asks."""
    clients = Clients(cloud)
    for database in clients.client("rds").describe_db_instances()["DBInstances"]:
        place = database["Endpoint"]
        name, address = database["DBInstanceIdentifier"], f"{place['Address']}:{place['Port']}"
        if database["DBInstanceStatus"] == "stopped":
            yield "database", name, address, "stopped"
        else:
            yield "database", name, address, probes.database(place["Address"], place["Port"], ca_file=state.ca_file)
    for cache in clients.client("elasticache").describe_replication_groups()["ReplicationGroups"]:
        for shard in cache["NodeGroups"]:
            place = shard["PrimaryEndpoint"]
            answer = probes.cache(place["Address"], place["Port"], ca_file=state.ca_file)
            yield "cache", cache["ReplicationGroupId"], f"{place['Address']}:{place['Port']}", answer
    for group in clients.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]:
        states: dict[str, str] = {}
        for arn in group.get("TargetGroupARNs", []):
            targets = clients.client("elbv2").describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
            states |= {target["Target"]["Id"]: target["TargetHealth"]["State"] for target in targets}
        for instance in group["Instances"]:
            identifier = instance["InstanceId"]
            yield "instance", identifier, group["AutoScalingGroupName"], states.get(identifier, "no target")
    for pod in objects.pods(state):
        yield "stand-in", pod["name"], f"{pod['address']}:{pod['ports'][0]}", pod["state"]


def print_environment(state: State) -> None:
    """The variables that make other tools use the cloud, for `eval`."""
    cloud = _must_run(state)
    for key, value in environment.client(state, cloud).items():
        say(f"export {key}='{value}'")


def diff(state: State, options: Options) -> int:
    """`cdk diff --fail` against the cloud; its output, its status.

    Context has deploy's meaning, and holds for this diff only: its templates go to a folder of their own, since
    `destroy` goes by those of the cloud.
    """
    cloud = _must_run(state)
    refuse_another(cloud, options)
    assembly = state.assembly
    if options.context:
        settings_of(cloud.stage, cloud.name, options.context)
        cloud, assembly = replace(cloud, context=list(options.context)), state.root / "cdk.out.diff"
    with state.exclusive(), commands(state, cloud, assembly=assembly) as cdk:
        cdk.synth().wait()
        run = cdk.diff()
        answer = run.wait()
    say(run.log.read_text(errors="replace").rstrip())
    return answer

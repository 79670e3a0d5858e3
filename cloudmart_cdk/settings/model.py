"""The typed settings: what can be chosen, and within which bounds.

Owns shape and single-value bounds; checks over several values are in `checks`. Figures are in
`stages/*.toml`, never here: a field without a value in the stage files is an error, not a default.
"""

from ipaddress import IPv4Network
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from . import catalogue, shapes
from .naming import Names
from .topology import DELIVERY, EDGE, EDGE_WATCH, FRONTEND, LAB_ACCOUNT, SKIPPABLE

Stage = Literal["lab", "dev", "staging", "prod"]


Count = Annotated[int, Field(ge=0)]
Port = Annotated[int, Field(ge=1, le=65535)]
TagValue = Annotated[str, shapes.TAG_VALUE]
Zone = Annotated[str, shapes.ZONE]
Ec2Class = Annotated[str, shapes.OneOf(tuple(catalogue.EC2))]
Window = Annotated[str, shapes.WINDOW]
WeeklyWindow = Annotated[str, shapes.WEEKLY_WINDOW]
Principal = Annotated[str, shapes.PRINCIPAL]
AddonVersion = Annotated[str, shapes.ADDON_VERSION]
ChartVersion = Annotated[str, shapes.CHART_VERSION]
Pair = Annotated[tuple[IPv4Network, IPv4Network], shapes.COMMA_LIST]


class _Frozen(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_default=True, defer_build=True, coerce_numbers_to_str=True
    )


class Network(_Frozen):
    """Specification section 2."""

    cidr: IPv4Network
    zones: Annotated[tuple[Zone, Zone], shapes.COMMA_LIST]
    public: Pair
    private: Pair
    data: Pair
    pods_cidr: IPv4Network
    pods: Pair
    nat_gateways: Annotated[int, Field(ge=1, le=2)]
    regional_nat: bool
    interface_endpoints: bool
    cloudfront_prefix_lists: dict[str, Annotated[str, shapes.PREFIX_LIST]]


class Logs(_Frozen):
    """The stage's log bucket, and the key of its log groups."""

    expire_days: Annotated[int, Field(ge=91, le=3653)]
    """Days until an object of the log bucket expires; after GLACIER at 90."""
    customer_key: bool
    """Log groups are encrypted with a key of the stage's own, which costs 1 USD a month and region."""


class Database(_Frozen):
    """Specification section 3, RDS for PostgreSQL."""

    engine: Literal["postgres", "aurora"]
    version: Annotated[str, shapes.POSTGRES_VERSION]
    name: Annotated[str, shapes.DATABASE_NAME]
    instance_class: Annotated[str, shapes.OneOf(tuple(catalogue.DATABASE))]
    storage_gb: Annotated[int, Field(ge=20, le=65536)]
    max_storage_gb: Count
    multi_az: bool
    backup_days: Annotated[int, Field(ge=1, le=35)]
    proxy: bool
    read_replicas: Annotated[int, Field(ge=0, le=5)]
    connection_timeout_s: Annotated[int, Field(ge=1, le=300)]
    shop_pool: Annotated[int, Field(ge=1, le=100)]
    reader_pool: Annotated[int, Field(ge=1, le=100)]
    service_pool: Annotated[int, Field(ge=1, le=100)]
    reserved_connections: Count
    backup_window: Window
    maintenance_window: WeeklyWindow
    aurora_min_acu: Annotated[float, Field(ge=0, le=256)]
    aurora_max_acu: Annotated[float, Field(ge=1, le=256)]

    @property
    def readers(self) -> int:
        """Servers that answer reads only: for Aurora, a second instance in the other zone is what Multi-AZ is."""
        return max(self.read_replicas, int(self.multi_az)) if self.engine == "aurora" else self.read_replicas

    @property
    def max_connections(self) -> int:
        """The server's `max_connections`, by class."""
        return catalogue.DATABASE[self.instance_class]


class Cache(_Frozen):
    """Specification section 3, ElastiCache."""

    engine: Literal["redis", "valkey"]
    node_type: Annotated[str, shapes.OneOf(tuple(catalogue.CACHE))]
    shards: Annotated[int, Field(ge=0, le=90)]
    """0: cluster mode disabled, one node group."""
    replicas: Annotated[int, Field(ge=0, le=5)]
    """Replicas a shard; failover is on when there is one."""
    snapshot_days: Annotated[int, Field(ge=0, le=35)]
    snapshot_window: Window
    maintenance_window: WeeklyWindow


class Backup(_Frozen):
    """AWS Backup, specification section 3."""

    plan: bool
    daily_days: Annotated[int, Field(ge=1, le=365)]
    weekly_days: Annotated[int, Field(ge=1, le=3650)]
    copy_region: Annotated[str, shapes.SECOND_REGION]
    """A second region that receives copies; empty: none."""
    drill: bool
    """A restore is rehearsed twice a month, beside the original: from the last backup, and from the last moment."""


class Backend(_Frozen):
    """Specification section 4. `min` and `max` apply to the live colour; the idle one has 0."""

    application: Annotated[str, shapes.APPLICATION]
    """What the instances run: the shop of this project, a folder (seen from the project's) with an executable
    `bin/start`, or a container image by its URI, where data is kept with its digest. Listens on 8080, has `/health`."""
    instance_type: Ec2Class
    min: Count
    max: Annotated[int, Field(ge=1, le=100)]
    volume_gb: Annotated[int, Field(ge=8, le=1000)]
    cpu_target: Annotated[int, Field(ge=10, le=95)]
    memory_target: Annotated[int, Field(ge=10, le=95)]
    requests_per_target: Annotated[int, Field(ge=1)]
    patch_window: Annotated[str, shapes.WEEKLY_TIME]
    """When instances are patched, one after the other; in a stage with off-hours by day, when they run."""
    patch_after_days: Annotated[int, Field(ge=0, le=30)]
    """Age of a patch before it is installed: a stage before production takes it earlier."""
    trace_percent: Annotated[float, Field(ge=0, le=100)]
    """Of the requests, health checks apart, how many are traced. X-Ray takes 5 USD for a million recorded traces: at
    100 requests a second 1 % is 2.6 million a month, 13 USD, and 5 % is 65 USD."""


class Frontend(_Frozen):
    """Specification section 5."""

    dist: Annotated[str, shapes.SITE]
    """A front end of your own: its build folder (seen from the project's) with `index.html`, made for the root of its
    host. Empty: the shop's page. `config.json` is put beside, with the API's address. Files with a hash in their names
    are cached for a year; scripts, styles, fonts or pictures that are inline or of other hosts need their word in
    `content_security_policy`."""
    geo_block: Annotated[tuple[Annotated[str, shapes.COUNTRY], ...], shapes.COMMA_LIST]
    requests_per_minute: Annotated[int, Field(ge=10, le=2_000_000)]
    """Per address; the bounds are AWS WAF's. Holds for Tiketi's load balancer too (section 6)."""
    content_security_policy: Annotated[str, shapes.SECURITY_POLICY]
    """The header's value for the shop's page; another front end may need another."""


class NodeGroup(_Frozen):
    """Managed nodes, all groups of the kind together. Sizes are first sizes; the autoscaler moves them."""

    instance_types: Annotated[tuple[Ec2Class, ...], shapes.COMMA_LIST, Field(min_length=1)]
    desired: Count
    min: Count
    max: Annotated[int, Field(ge=0, le=100)]
    per_zone: bool = False
    """One managed group per zone, each with its share."""


class Service(_Frozen):
    """A row of the service table, specification section 6. CPU in millicores, memory in MiB."""

    port: Port
    path: Annotated[str, shapes.API_PATH]
    cpu_request: Annotated[int, Field(ge=10)]
    cpu_limit: Annotated[int, Field(ge=10)]
    memory_request: Annotated[int, Field(ge=16)]
    memory_limit: Annotated[int, Field(ge=16)]
    replicas: Annotated[int, Field(ge=1)]
    """Also the HPA's minimum."""
    hpa_max: Annotated[int, Field(ge=1)]
    uses: Annotated[tuple[Literal["db", "cache"], ...], shapes.COMMA_LIST] = ()
    """Stores: the way there, where they are and how to log in."""
    calls: Annotated[tuple[Annotated[str, shapes.SERVICE_NAME], ...], shapes.COMMA_LIST] = ()
    """Services it calls, by name."""
    secrets: Annotated[tuple[Literal["jwt", "oauth-client", "payment-gateway"], ...], shapes.COMMA_LIST] = ()
    """Secrets it reads, beside its stores' logins."""
    outward: Annotated[tuple[Annotated[str, shapes.SERVICE_NAME], ...], shapes.COMMA_LIST] = ()
    """Who it calls outside of AWS, over HTTPS. Names for people: no network policy knows hosts."""
    writes_images: bool = False
    """Puts objects into the images bucket."""
    sends_mail: bool = False
    """Sends with SES from `eks.mail_identity`."""
    websocket: bool = False
    """Needs stickiness at the load balancer, so that who reconnects meets the pod that holds the place."""
    queue_length: Count = 0
    """Scales also when more than so many wait, by its metric `tiketi_queue_length`; 0: by CPU only."""
    capacity: Literal["any", "on-demand"] = "any"
    """`on-demand`: never on a node that AWS may take back within two minutes."""


class Eks(_Frozen):
    """Specification section 6."""

    version: Annotated[str, shapes.OneOf(tuple(catalogue.KUBERNETES))]
    public_endpoint: bool
    """Whether `sources` reach the Kubernetes API from outside; never more than they, and nobody when there are none."""
    admins: Annotated[tuple[Principal, ...], shapes.COMMA_LIST]
    """Who administers the cluster with kubectl. CDK's own function does in any case."""
    developers: Annotated[tuple[Principal, ...], shapes.COMMA_LIST]
    """Who may look at the cluster, secrets excepted."""
    addons: dict[catalogue.Addon, AddonVersion]
    """EKS add-on -> version."""
    charts: dict[catalogue.Chart, ChartVersion]
    """Helm chart -> version."""
    service_cidr: IPv4Network
    """Virtual addresses of Kubernetes Services; its first is the API server's. Not of the VPC."""
    stand_in: Annotated[str, shapes.IMAGE_BY_DIGEST]
    """What runs as a service until its first release: has busybox's `httpd`."""
    mail_identity: Annotated[str, shapes.MAIL_IDENTITY]
    """The one SES identity (address or domain) that services send from; empty: nobody may send."""
    github_repository: Annotated[str, shapes.GITHUB_REPOSITORY]
    """Whose workflows may release services, by OIDC; empty: none."""
    trace_percent: Annotated[float, Field(ge=0, le=100)]
    """Of the services' requests, how many are traced; what that costs: `Backend.trace_percent`."""
    prometheus: bool
    """Prometheus and Grafana in the cluster."""
    vertical_recommendations: bool
    """The Vertical Pod Autoscaler's recommender: what services should request. It changes nothing."""
    max_pods: Annotated[int, Field(ge=17, le=110)]
    """A node. EKS caps managed nodes of fewer than 30 vCPU at 110 (EKS guide, "Assign more IP addresses")."""
    webhook_ports: Annotated[tuple[Port, ...], shapes.COMMA_LIST, Field(min_length=1)]
    """Where the control plane reaches pods, beside 443 and 10250; charts listen on the first."""
    volume_gb: Annotated[int, Field(ge=20, le=1000)]
    on_demand: NodeGroup
    spot: NodeGroup
    services: dict[Annotated[str, shapes.SERVICE_NAME], Service]

    @property
    def service_ports(self) -> tuple[int, int]:
        """Lowest and highest port of the service table: the range that the firewall opens."""
        ports = [service.port for service in self.services.values()]
        return min(ports), max(ports)


class Monitoring(_Frozen):
    """Specification section 7."""

    runbook_url: Annotated[str, shapes.FOLDER]
    """Address of the runbook's folder, to which alarms append `/<page>.md`."""
    email: Annotated[str, shapes.EMAIL]
    budget_usd: Annotated[int, Field(ge=1)]
    """A month."""
    budget_scope: Literal["account", "tags"]
    """What counts: all of the account, or what carries this stage's tags, once they are cost allocation tags."""
    cloudtrail: bool
    watch_cdn: bool
    """CloudFront's alarms, in us-east-1 (EdgeWatchStack)."""
    cost_anomaly_monitor_arn: Annotated[str, shapes.ANOMALY_MONITOR]
    availability_slo: Annotated[float, Field(ge=90, le=99.99)]
    """Percent."""
    latency_slo_ms: Annotated[int, Field(ge=1)]
    """p95, milliseconds."""
    burn_rate_alarms: bool
    """Page when the error budget of a month goes in days."""
    anomaly_detection: bool
    """Alarms on bands that CloudWatch learns, where a fixed threshold is wrong."""
    application_signals: bool
    """Service objectives in CloudWatch Application Signals, and what X-Ray finds unusual."""
    canary_minutes: Annotated[int, Field(ge=0, le=60)]
    """A synthetic customer visits the shop this often; 0: none."""
    weekly_report: bool
    """Availability, latency, cost and open findings, by mail on Monday morning."""


class Cost(_Frozen):
    """What a synth may cost at most, at the course's list prices; 0: no cap. Specification section 8.

    Without keys, secrets, web ACLs, public addresses and EBS, which stand on a line of their own.
    """

    session_cap_usd: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    """All stacks for 50 minutes."""
    month_cap_usd: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    """All stacks for a month, with the volumes of `costs/volumes.toml`."""


class Delivery(_Frozen):
    """The role by which the pipeline deploys this stage (DeliveryStack)."""

    github_repository: Annotated[str, shapes.GITHUB_REPOSITORY]
    """Whose workflows may deploy, in the environment called like the stage; empty: no stack."""
    github_provider: bool
    """The stack makes GitHub's identity provider too; an account has one."""


class Domain(_Frozen):
    """A public Route 53 zone; the shop gets `name`, Tiketi `tiketi.<name>`."""

    name: Annotated[str, shapes.DOMAIN]
    zone_id: Annotated[str, shapes.HOSTED_ZONE]


class Settings(_Frozen):
    """Everything that a stage decides. Specification section 1."""

    stage: Stage
    name: Annotated[str, shapes.NAME]
    region: Annotated[str, shapes.REGION]
    account: Annotated[str, shapes.ACCOUNT] | None = None
    """May stay unset: the templates then fit every account."""
    sources: Annotated[tuple[IPv4Network, ...], shapes.COMMA_LIST]
    policy: Literal["on", "off"]
    """off checks nothing at synth and says so loudly; CI refuses it."""
    skip: Annotated[tuple[Annotated[str, shapes.OneOf(tuple(SKIPPABLE))], ...], shapes.COMMA_LIST]
    owner: TagValue
    cost_center: TagValue
    lifetime_hours: Annotated[int, Field(ge=0, le=9999)]  # four digits are what assets/lifetime reads
    deletion: Literal["everything", "keep-data"]
    deletion_protection: bool
    log_retention_days: Annotated[Literal[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731], shapes.NUMBER]
    off_hours: bool
    web_acls: bool
    lab_account: bool
    """LabAccountStack, one an account: what outlives its `Lifetime` is removed, whosever it is."""
    network: Network
    logs: Logs
    database: Database
    cache: Cache
    backup: Backup
    backend: Backend
    frontend: Frontend
    eks: Eks
    monitoring: Monitoring
    cost: Cost
    delivery: Delivery
    domain: Domain | None = None

    @property
    def names(self) -> Names:
        return Names(self.name, self.stage)

    @property
    def keeps_data(self) -> bool:
        """Data and every key stay when the stacks go (staging, prod)."""
        return self.deletion == "keep-data"

    def has(self, stack_id: str) -> bool:
        """Whether a stack is part of this app: not skipped, and holding something."""
        if stack_id in self.skip:
            return False
        if stack_id == EDGE:
            return self.has(FRONTEND) and (self.web_acls or self.domain is not None)
        if stack_id == EDGE_WATCH:
            return self.has(FRONTEND) and self.monitoring.watch_cdn
        if stack_id == LAB_ACCOUNT:
            return self.lab_account
        if stack_id == DELIVERY:
            return bool(self.delivery.github_repository)
        return True

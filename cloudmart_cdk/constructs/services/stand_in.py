"""What runs as a service until its first release: busybox's web server with three files.

Owns the files and how the server is started. Nothing of it is in a released pod.
"""

from typing import Final

from ... import namespaces
from .names import Object

_NAME: Final = "stand-in"
_FOLDER: Final = "/stand-in"

CONFIG_MAP: Final[Object] = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {
        "name": _NAME,
        "namespace": namespaces.SERVICES,
        "labels": {"app.kubernetes.io/part-of": namespaces.SERVICES},
    },
    "data": {
        "health": "stand-in\n",
        "ready": "stand-in\n",
        # Asked for by KEDA: without the figure it could not tell an empty queue from a broken one.
        "metrics": "# TYPE tiketi_queue_length gauge\ntiketi_queue_length 0\n",
    },
}
"""One for all services."""

VOLUME: Final[Object] = {"name": _NAME, "configMap": {"name": _NAME}}
MOUNT: Final[Object] = {"name": _NAME, "mountPath": _FOLDER, "readOnly": True}


def arguments(port: int) -> list[str]:
    """In the foreground. As process 1 it does not hear SIGTERM: its pods stop when their grace is over."""
    return ["httpd", "-f", "-p", str(port), "-h", _FOLDER]

"""What Fluent Bit does with the output of containers: the services' lines into their own group, the others' into
Container Insights'. Specification section 6.

Owns one file of Fluent Bit's configuration, `application-log.conf`, which takes the place of the file of that name in
the CloudWatch add-on. Nodes' and data plane's logs stay as the add-on has them.
"""

from typing import Final

FILE: Final = "application-log.conf"
"""The add-on's Fluent Bit includes it by this name: never repeat `@INCLUDE` (aws/containers-roadmap#2471)."""

UNNAMED_STREAM: Final = "unnamed"
"""Takes lines whose pod cannot be told, so that no stream is named after a pod."""

_FILES: Final = "/var/log/containers"

_STATE: Final = "/var/fluent-bit/state"

Section = tuple[str, dict[str, str]]
"""A section of Fluent Bit's classic format: its kind, its keys. Every key takes one line."""


def application_log(*, namespace: str, group: str) -> str:
    """`namespace`: whose pods write into `group`, one stream a container name; all others into Container Insights'.

    Two inputs, not one that is sorted afterwards: a namespace that floods does not take the other's buffer.
    """
    # kubelet names a file <pod>_<namespace>_<container>-<id>.log.
    services = f"{_FILES}/*_{namespace}_*.log"
    # These have inputs of the add-on's own (dataplane-log.conf).
    data_plane = f"{_FILES}/aws-node*, {_FILES}/kube-proxy*"
    return _text(
        _input("services", services, "services.db"),
        _metadata("services"),
        (
            "OUTPUT",
            _destination("services", group)
            | {
                # As many streams as services, however many pods come and go.
                "log_stream_template": "$kubernetes['container_name']",
                "log_stream_name": UNNAMED_STREAM,
            },
        ),
        _input("others", f"{_FILES}/*.log", "others.db", exclude=f"{services}, {data_plane}"),
        _metadata("others"),
        (
            "OUTPUT",
            _destination("others", "/aws/containerinsights/${CLUSTER_NAME}/application")
            | {
                # One for a container and namespace, on whatever node.
                "log_stream_template": "$kubernetes['namespace_name'].$kubernetes['container_name']",
                "log_stream_name": UNNAMED_STREAM,
            },
        ),
    )


def _input(tag: str, path: str, database: str, *, exclude: str = "") -> Section:
    return (
        "INPUT",
        {
            "Name": "tail",
            "Tag": f"{tag}.*",
            "Path": path,
            **({"Exclude_Path": exclude} if exclude else {}),
            # containerd splits long lines in pieces; this joins them.
            "multiline.parser": "cri",
            # Where it stopped, on the node's disk: after a restart it goes on there. A file that is new to it is read
            # from its beginning, so that a pod that died at once has said why.
            "DB": f"{_STATE}/{database}",
            "DB.locking": "true",
            "Read_from_Head": "On",
            "Skip_Long_Lines": "On",
            "Refresh_Interval": "10",
            "Rotate_Wait": "30",
            # Kept on disk while CloudWatch does not answer.
            "storage.type": "filesystem",
        },
    )


def _metadata(tag: str) -> Section:
    """Who wrote it, and the JSON of a line as fields under `log_processed`, which Logs Insights finds by name."""
    return (
        "FILTER",
        {
            "Name": "kubernetes",
            "Match": f"{tag}.*",
            "Kube_Tag_Prefix": f"{tag}.var.log.containers.",
            # The node's kubelet answers, not the API server: it costs the cluster nothing.
            "Use_Kubelet": "On",
            "Kubelet_Port": "10250",
            "Buffer_Size": "0",
            "Merge_Log": "On",
            "Merge_Log_Key": "log_processed",
            # A line that was JSON is stored once, as fields; any other keeps its text in `log`.
            "Keep_Log": "Off",
            "K8S-Logging.Parser": "Off",
            "K8S-Logging.Exclude": "Off",
            "Labels": "Off",
            "Annotations": "Off",
        },
    )


def _destination(tag: str, group: str) -> dict[str, str]:
    return {
        "Name": "cloudwatch_logs",
        "Match": f"{tag}.*",
        "region": "${AWS_REGION}",
        "log_group_name": group,
        # The stack owns the group. One that Fluent Bit made would have no retention and outlive it.
        "auto_create_group": "false",
        "extra_user_agent": "container-insights",
        # Fluent Bit's own limit is one attempt more. What waits is on the node's disk of 20 GB.
        "Retry_Limit": "10",
        "storage.total_limit_size": "200M",
    }


def _text(*sections: Section) -> str:
    return "\n".join(
        f"[{kind}]\n" + "".join(f"    {key} {value}\n" for key, value in keys.items()) for kind, keys in sections
    )

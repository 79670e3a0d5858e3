"""What Fluent Bit is told: the services' lines into their group, the others' into Container Insights', none twice."""

from fnmatch import fnmatch

import pytest

from cloudmart_cdk.constructs import container_logs

GROUP = "/aws/eks/tiketi/cloudmart-lab-tiketi"
POD_FILE = "/var/log/containers/auth-7c9d-x2x4_tiketi_auth-0a1b.log"
CONTROLLER_FILE = "/var/log/containers/keda-operator-55-abc_platform_keda-operator-0a1b.log"
CNI_FILE = "/var/log/containers/aws-node-x2x4_kube-system_aws-node-0a1b.log"


def _sections() -> list[tuple[str, dict[str, str]]]:
    """Fluent Bit's classic format: `[KIND]`, then lines of a key and its value."""
    found: list[tuple[str, dict[str, str]]] = []
    for line in container_logs.application_log(namespace="tiketi", group=GROUP).splitlines():
        if line.startswith("["):
            found.append((line.strip("[]"), {}))
        elif line:
            key, value = line.split(maxsplit=1)
            assert key not in found[-1][1]
            found[-1][1][key] = value
    return found


def _of(kind: str) -> list[dict[str, str]]:
    return [keys for found, keys in _sections() if found == kind]


def _group_of(file: str) -> list[str]:
    """Where lines of a file end: by inputs' paths, then tags."""
    groups = []
    for source in _of("INPUT"):
        excluded = source.get("Exclude_Path", "").split(", ")
        if fnmatch(file, source["Path"]) and not any(fnmatch(file, path) for path in excluded):
            tag = source["Tag"].replace("*", file.strip("/").replace("/", "."))
            groups += [output["log_group_name"] for output in _of("OUTPUT") if fnmatch(tag, output["Match"])]
    return groups


@pytest.mark.parametrize(
    ("file", "groups"),
    [
        (POD_FILE, [GROUP]),
        (CONTROLLER_FILE, ["/aws/containerinsights/${CLUSTER_NAME}/application"]),
        (CNI_FILE, []),  # the add-on's dataplane-log.conf
    ],
)
def test_a_line_goes_into_one_group(file: str, groups: list[str]) -> None:
    assert _group_of(file) == groups


def test_no_group_is_made_and_streams_are_named_after_no_pod() -> None:
    for output in _of("OUTPUT"):
        assert output["auto_create_group"] == "false"
        assert output["log_stream_name"] == container_logs.UNNAMED_STREAM
        assert "log_stream_prefix" not in output  # would append the tag, with the pod's name in it
        assert "pod" not in output["log_stream_template"]


def test_the_services_have_a_stream_each() -> None:
    (services,) = [output for output in _of("OUTPUT") if output["log_group_name"] == GROUP]
    assert services["log_stream_template"] == "$kubernetes['container_name']"


def test_fields_of_a_json_line_are_fields_in_the_log() -> None:
    for source, filter_, output in zip(_of("INPUT"), _of("FILTER"), _of("OUTPUT"), strict=True):
        assert source["Tag"] == filter_["Match"] == output["Match"]
        assert filter_["Kube_Tag_Prefix"] == source["Tag"].replace("*", "var.log.containers.")
        assert (filter_["Merge_Log"], filter_["Merge_Log_Key"]) == ("On", "log_processed")
        assert source["multiline.parser"] == "cri"


def test_inputs_remember_their_places_apart() -> None:
    assert len({source["DB"] for source in _of("INPUT")}) == len(_of("INPUT"))

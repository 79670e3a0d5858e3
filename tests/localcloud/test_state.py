"""The state folder: what is remembered, one command at a time, nothing outside it."""

import os
import socket
import stat
import sysconfig
from pathlib import Path
from unittest import mock

import pytest

from localcloud import environment, ports
from localcloud.aws import Clients
from localcloud.errors import CloudError
from localcloud.processes import Process
from localcloud.state import PROJECT, STATE_VARIABLE, Cloud, State


def cloud() -> Cloud:
    return Cloud(
        stage="lab",
        name="team3",
        region="ap-northeast-2",
        account="123456789012",
        port=4566,
        shop_port=8000,
        context=["sources=203.0.113.0/24"],
        processes=[Process(role="emulator", pid=1, started="x")],
    )


def test_remembers_a_cloud(folder: State) -> None:
    made = cloud()
    folder.save(made)
    assert folder.load() == made
    folder.forget()
    assert folder.load() is None


def test_what_it_remembers_is_for_nobody_else(tmp_path: Path) -> None:
    """Neither the folder nor the file with the token; an earlier version's folder was open."""
    state = State(tmp_path / "one" / "two")
    state.prepare()
    state.root.chmod(0o755)
    state.prepare()
    state.save(cloud())
    state.cloud_file.chmod(0o644)
    state.save(cloud())
    assert [stat.S_IMODE(path.stat().st_mode) for path in (state.root, state.cloud_file)] == [0o700, 0o600]


def test_a_folder_of_somebody_else_stays_as_it_is(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    state = State(tmp_path)
    state.prepare()
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755
    assert stat.S_IMODE(state.home.stat().st_mode) == 0o700


def test_every_cloud_has_a_token_of_its_own() -> None:
    first, second = cloud(), cloud()
    assert first.token != second.token
    assert len(first.token) >= 32
    assert first.token not in repr(first)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"stage": "lab"}', '{"unknown": 1, "processes": []}'])
def test_a_damaged_file_counts_as_none(folder: State, content: str) -> None:
    folder.cloud_file.write_text(content)
    assert folder.load() is None


def test_second_command_is_told(folder: State) -> None:
    with (
        folder.exclusive(),
        pytest.raises(CloudError, match="another deploy, verify or destroy"),
        State(folder.root).exclusive(),
    ):
        pass


def test_folder_keeps_itself_out_of_commits(folder: State) -> None:
    assert "*" in (folder.root / ".gitignore").read_text().splitlines()


def test_folder_can_be_chosen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(STATE_VARIABLE, raising=False)
    assert State().root == PROJECT / ".localcloud"
    monkeypatch.setenv(STATE_VARIABLE, str(tmp_path / "a"))
    assert State().root == tmp_path / "a"
    assert State(tmp_path / "b").root == tmp_path / "b"


def test_children_see_neither_home_nor_configuration_nor_proxies(
    folder: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "work")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "secret")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example")
    monkeypatch.setenv("NODE_EXTRA_CA_CERTS", "/certs.pem")
    ours = cloud()
    for variables in (
        environment.tool(folder, ours),
        environment.server(folder, ours),
        environment.proxy(folder, ours),
    ):
        assert "AWS_PROFILE" not in variables
        assert variables.get("AWS_SESSION_TOKEN", ours.token) == ours.token
        assert "HTTPS_PROXY" not in variables
        assert variables["NODE_EXTRA_CA_CERTS"] == "/certs.pem"
        for name in ("HOME", "TMPDIR"):
            assert Path(variables[name]).is_relative_to(folder.root)
    bare = environment.instance(folder, ours)
    assert not {"AWS_PROFILE", "HTTPS_PROXY", "CDK_HOME"} & set(bare)
    assert bare["AWS_SESSION_TOKEN"] == ours.token
    assert Path(bare["HOME"]).is_relative_to(folder.root)
    assert environment.tool(folder, cloud())["AWS_ACCESS_KEY_ID"] == "123456789012"
    assert environment.server(folder, cloud())["BIND_HOST"] == "127.0.0.1"


def test_clients_leave_the_process_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    before = dict(os.environ)
    Clients(cloud())
    assert dict(os.environ) == before
    monkeypatch.setenv("AWS_PROFILE", "there-is-no-such-profile")
    with mock.patch.dict(os.environ):
        environment.forget_aws_settings()
        assert Clients(cloud()).client("s3").meta.region_name == "ap-northeast-2"


def test_node_is_never_the_machines(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("JSII_NODE", "/somewhere/node")
    assert environment.node() == Path("/somewhere/node")
    monkeypatch.delenv("JSII_NODE")
    monkeypatch.setattr(sysconfig, "get_path", lambda _: str(tmp_path))
    assert environment.node().is_relative_to(tmp_path), "missing, it is an error, not another version"


def test_a_free_port_is_kept_from_others_and_open_to_a_server() -> None:
    chosen = [ports.free() for _ in range(50)]
    assert len(set(chosen)) == len(chosen)
    with socket.socket() as stranger, pytest.raises(OSError, match="in use"):
        stranger.bind(("127.0.0.1", chosen[0]))
    with socket.create_server(("127.0.0.1", chosen[0])):
        assert ports.answers(chosen[0])


def test_taken_port_is_named() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(CloudError) as refused:
            ports.claim(port, option="--port")
    message = str(refused.value)
    assert f"port {port} is taken" in message
    assert "--port" in message
    assert "\n" not in message

"""What died between two commands is there again after one deploy."""

from collections.abc import Iterator

import pytest

from localcloud import deployment, environment, ports
from localcloud.processes import Process
from localcloud.state import Cloud, State
from localcloud.steps import Options


@pytest.fixture
def remembered() -> Iterator[Cloud]:
    cloud = Cloud(
        stage="lab",
        name="test",
        region="ap-northeast-2",
        account=environment.DEFAULT_ACCOUNT,
        port=ports.free(),
        shop_port=ports.free(),
    )
    yield cloud
    for process in cloud.processes:
        process.stop()


def test_a_dead_emulator_is_followed_by_a_first_deploy(
    folder: State, remembered: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    remembered.processes.append(Process(role="emulator", pid=2**22 - 1, started="1"))
    folder.save(remembered)
    started: list[bool] = []
    monkeypatch.setattr(deployment, "_first_deploy", lambda state, *_: started.append(state.temporary.is_dir()))
    deployment.deploy(folder, Options())
    assert started == [True], "with the folder that its processes run in"

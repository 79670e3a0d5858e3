"""What the shop refuses to start with: one clear line each."""

from pathlib import Path

import pytest

from cloudmart_cdk.assets.shop.shop.environment import Environment, SettingError
from cloudmart_cdk.assets.shop.shop.settings import Settings
from tests.shop.harness import Stage, run_module

PARAMETERS = {
    "database/host": "db.example",
    "database/port": "5432",
    "database/name": "cloudmart",
    "database/shop-pool": "2",
    "cache/host": "cache.example",
    "cache/port": "6379",
    "cache/mode": "single",
    "images/bucket": "images",
}


def test_parameters_as_the_data_stack_writes_them() -> None:
    settings = Settings.of(PARAMETERS)
    assert settings.database.reader_host is None
    assert (settings.database.pool, settings.database.proxy, settings.database.connection_timeout) == (2, False, 30)
    assert settings.database.reader_pool == 2
    assert not settings.cache.cluster
    more = {
        "database/reader-host": "reader.example",
        "database/reader-pool": "1",
        "database/proxy": "true",
        "database/connection-timeout": "5",
    }
    settings = Settings.of(PARAMETERS | more | {"cache/mode": "cluster"})
    assert (settings.database.reader_host, settings.database.reader_pool) == ("reader.example", 1)
    assert (settings.database.proxy, settings.database.connection_timeout) == (True, 5)
    assert settings.cache.cluster


@pytest.mark.parametrize(
    ("parameter", "value", "allowed"),
    [
        ("database/host", "", "a text"),
        ("database/port", "many", "a number from 1 to 65535"),
        ("database/port", "70000", "a number from 1 to 65535"),
        ("database/shop-pool", "0", "a number from 1 to 100"),
        ("database/shop-pool", "٣", "a number from 1 to 100"),
        ("database/reader-pool", "101", "a number from 1 to 100"),
        ("cache/mode", "both", "single or cluster"),
        ("database/proxy", "yes", "false or true"),
    ],
)
def test_a_wrong_parameter_is_one_line(parameter: str, value: str, allowed: str) -> None:
    with pytest.raises(SettingError) as refused:
        Settings.of(PARAMETERS | {parameter: value})
    assert str(refused.value) == (
        f"error: parameter {parameter}: given {value}; allowed {allowed}; correct it in Parameter Store"
    )


@pytest.mark.parametrize("missing", ["database/host", "database/port", "database/shop-pool", "cache/host"])
def test_a_missing_parameter_is_named(missing: str) -> None:
    with pytest.raises(SettingError, match=f"^error: parameter {missing}: given nothing; allowed "):
        Settings.of({name: value for name, value in PARAMETERS.items() if name != missing})


@pytest.fixture
def given(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "ca.pem").write_text("")
    return {
        "AWS_REGION": "ap-northeast-2",
        "CLOUDMART_PARAMETERS": "/cloudmart/lab/",
        "CLOUDMART_SECRETS": "cloudmart-lab/",
        "CLOUDMART_CA_FILE": str(tmp_path / "ca.pem"),
    }


def test_the_environment_of_the_contract_is_enough(given: dict[str, str]) -> None:
    environment = Environment.read(given)
    assert (environment.host, environment.port, environment.traces) == ("0.0.0.0", 8080, None)
    assert not environment.https
    assert Environment.read(given | {"CLOUDMART_HTTPS": "true"}).https
    assert not Environment.read(given | {"CLOUDMART_HTTPS": "false"}).https


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AWS_REGION", ""),
        ("CLOUDMART_PARAMETERS", "/cloudmart/lab"),
        ("CLOUDMART_SECRETS", "cloudmart-lab"),
        ("CLOUDMART_CA_FILE", "/no/such/file"),
        ("PORT", "http"),
        ("PORT", "65536"),
        ("CLOUDMART_HTTPS", "True"),
        ("CLOUDMART_DRAIN_SECONDS", "30"),
        ("CLOUDMART_DRAIN_SECONDS", "nan"),
    ],
)
def test_a_wrong_variable_is_one_line(given: dict[str, str], name: str, value: str) -> None:
    with pytest.raises(SettingError) as refused:
        Environment.read(given | {name: value})
    assert str(refused.value).startswith(f"error: {name}: given {value or 'nothing'}; allowed ")
    assert "\n" not in str(refused.value)


def test_the_process_says_it_and_ends(stage: Stage) -> None:
    process = run_module("shop", stage.environment(CLOUDMART_PARAMETERS=f"/no/such/{stage.name}/"))
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (1, "")
    assert err == ("error: parameter database/host: given nothing; allowed a text; correct it in Parameter Store\n")

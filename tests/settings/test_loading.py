"""Accepted input: stages, overrides by dotted name, CDK's own keys."""

import json
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import pytest

from cloudmart_cdk.settings import Settings, SettingsError, load_settings
from cloudmart_cdk.settings.loading import read_context
from cloudmart_cdk.settings.model import Stage
from tests.support import PROJECT

STAGES = get_args(Stage)
STAGE_FILES = PROJECT / "cloudmart_cdk" / "settings" / "stages"


def flat(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def stage_values(stage: str) -> dict[str, Any]:
    """Every setting that stands in the files of a stage, by dotted name."""
    values: dict[str, Any] = {}
    for file in ("common", stage):
        values.update(flat(tomllib.loads((STAGE_FILES / f"{file}.toml").read_text(encoding="utf-8"))))
    return values


def as_option(value: Any) -> str:
    """A value as `-c` takes it."""
    if isinstance(value, list):
        return ",".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


@pytest.mark.parametrize("stage", STAGES)
def test_stage_loads_and_is_frozen(stage: str) -> None:
    settings = load_settings({"stage": stage})
    assert settings.stage == stage
    with pytest.raises(ValueError, match="frozen"):
        settings.name = "other"


def test_lab_is_the_default() -> None:
    assert load_settings({}) == load_settings({"stage": "lab"})


@pytest.mark.parametrize("dotted", sorted(stage_values("lab")))
def test_each_setting_can_be_given_by_its_dotted_name(dotted: str) -> None:
    """As text, in place of the value that stands in the file: nothing else changes."""
    value = stage_values("lab")[dotted]
    assert load_settings({dotted: as_option(value)}) == load_settings({})


@pytest.mark.parametrize("stage", STAGES)
def test_all_values_of_a_stage_make_that_stage_out_of_another(stage: str) -> None:
    """So an override wins over both files, for every setting at once."""
    other = next(name for name in STAGES if name != stage)
    options = {dotted: as_option(value) for dotted, value in stage_values(stage).items()}
    overridden = load_settings({**options, "stage": other})
    assert dict(overridden) | {"stage": stage} == dict(load_settings({"stage": stage}))


def test_table_of_a_context_file_is_read_like_its_dotted_names() -> None:
    given = load_settings({"database": {"backup_days": 3, "shop_pool": "1"}})
    assert given == load_settings({"database.backup_days": "3", "database.shop_pool": "1"})


def test_new_service_and_prefix_list_can_be_added() -> None:
    service = {"port": 3007, "path": "/api/search", "cpu_request": 10, "cpu_limit": 50, "memory_request": 16}
    service |= {"memory_limit": 32, "replicas": 1, "hpa_max": 1, "uses": ""}
    settings = load_settings(
        {f"eks.services.search.{key}": str(value) for key, value in service.items()}
        | {"network.cloudfront_prefix_lists.sa-east-1": "pl-5da64334"}
    )
    assert settings.eks.service_ports == (3001, 3007)
    assert settings.network.cloudfront_prefix_lists["sa-east-1"] == "pl-5da64334"


def test_keys_of_cdk_are_passed_over() -> None:
    theirs = {
        "@aws-cdk/core:anything": True,
        "aws:cdk:enable-path-metadata": True,
        "availability-zones:account=111111111111:region=ap-northeast-2": ["a"],
        "acknowledged-issue-numbers": [1],
    }
    assert load_settings(theirs) == Settings.model_validate(load_settings({}).model_dump())


def test_context_is_the_cli_s_where_there_is_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    overflow = tmp_path / "overflow.json"
    overflow.write_text(json.dumps({"name": "long"}))
    monkeypatch.setenv("CDK_CONTEXT_JSON", json.dumps({"stage": "dev"}))
    monkeypatch.setenv("CONTEXT_OVERFLOW_LOCATION", str(overflow))
    assert read_context() == {"stage": "dev", "name": "long"}


def test_context_is_cdk_json_without_a_cli(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CDK_CONTEXT_JSON", raising=False)
    monkeypatch.delenv("CONTEXT_OVERFLOW_LOCATION", raising=False)
    context = json.loads((PROJECT / "cdk.json").read_text(encoding="utf-8"))["context"]
    assert read_context() == context


@pytest.mark.parametrize("repository", ["", "example/tiketi", "example@123/tiketi@456"])
def test_a_repository_of_github_may_have_its_ids_in_its_name(repository: str) -> None:
    """Its tokens' subject has them, where it was made or renamed after July 2026."""
    assert load_settings({"eks.github_repository": repository}).eks.github_repository == repository


@pytest.mark.parametrize("repository", ["*/tiketi", "example/*", "example@x/tiketi", "example/tiketi:*", "example"])
def test_a_repository_of_github_is_one(repository: str) -> None:
    with pytest.raises(SettingsError, match="owner/repository"):
        load_settings({"eks.github_repository": repository})

"""The price file and the volumes, against specification section 8; and that a fault in them is said in a line."""

import re
import tomllib
from collections.abc import Mapping
from copy import deepcopy
from math import nan
from pathlib import Path
from typing import Any

import pytest

from cloudmart_cdk.costs import prices, volumes
from cloudmart_cdk.costs.volumes import PROPOSAL

_PRICES: dict[str, Any] = tomllib.loads(prices.FILE.read_text(encoding="utf-8"))

_COURSE = {
    "nat.hour": 0.045, "alb.hour": 0.025, "eks.cluster": 0.10, "ec2.t3.micro": 0.010, "ec2.t3.medium": 0.0416,
    "ec2.spot.t3.medium": 0.0125, "rds.db.t3.micro": 0.017, "rds.db.t3.medium": 0.068,
    "elasticache.redis.cache.t3.micro": 0.017, "elasticache.redis.cache.t3.medium": 0.068, "ec2.t4g.micro": 0.0084,
    "ec2.t4g.medium": 0.0336, "ec2.spot.t4g.medium": 0.0134, "rds.db.t4g.medium": 0.065,
    "elasticache.redis.cache.t4g.medium": 0.065, "rds.storage": 0.115, "rds.backup": 0.095, "s3.standard": 0.023,
    "logs.ingested": 0.50, "transfer.out": 0.09, "ecr.storage": 0.10, "cloudwatch.metric": 0.30,
    "cloudwatch.alarm": 0.10,
}  # fmt: skip
"""Specification section 8, word for word."""

_PROPOSAL = {
    "s3.standard": 1024,
    "logs.ingested": 100,
    "cloudwatch.metric": 100,
    "ecr.storage": 50,
    "alb.lcu": 20 / 0.008,
    "transfer.out": 50 / 0.09,
}
_CDN_USD = 50


def test_the_course_s_list_is_the_specification_s() -> None:
    lines = prices.load().lines
    assert {id_: lines[id_].course for id_ in _COURSE} == _COURSE
    assert lines["rds.proxy"].course * 2 == pytest.approx(0.03), "for the two vCPU of db.t3.medium"


def test_valkey_is_a_fifth_cheaper_than_redis() -> None:
    lines = prices.load().lines
    for id_ in [id_ for id_ in lines if id_.startswith("elasticache.redis.")]:
        assert lines[id_.replace("redis", "valkey")].course == pytest.approx(lines[id_].course * 0.8)


def test_prod_uses_what_the_proposal_says() -> None:
    book, found = prices.load(), dict.fromkeys(_PROPOSAL, 0.0)
    cdn = 0.0
    for volume in volumes.load():
        if volume.source == PROPOSAL and volume.price in found:
            found[volume.price] += volume.quantity("prod", book)
        elif volume.source == PROPOSAL:
            cdn += volume.quantity("prod", book) * book.lines[volume.price].course
    assert found == pytest.approx(_PROPOSAL)
    assert cdn == pytest.approx(_CDN_USD)


def test_every_volume_has_a_price_and_a_source() -> None:
    for volume in volumes.load():
        assert volume.price in prices.load().lines, volume.what
        assert volume.source == PROPOSAL or len(volume.source.split()) >= 3, volume.what
        assert volume.apart is volume.price.startswith(("kms.", "secrets.", "waf.")), volume.what


def test_every_price_is_of_use() -> None:
    """By a volume, or named in the code that charges. Classes are named by the settings."""
    code = "".join(path.read_text(encoding="utf-8") for path in prices.FILE.parent.glob("*.py"))
    used = {volume.price for volume in volumes.load()} | set(re.findall(r'"([a-z0-9]+\.[a-z0-9-]+)"', code))
    classes = re.compile(r"(ec2|rds\.db|elasticache\.(redis|valkey)\.cache)\.")
    assert [id_ for id_ in prices.load().lines if id_ not in used and not classes.match(id_)] == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"course_source": "hearsay"}, "ec2.t3.micro: given the source 'hearsay'"),
        ({"seoul": 1, "seoul_source": None}, "a figure without its source"),
        ({"course_source": None}, "a figure without its source"),
        ({"course": -0.01}, "ec2.t3.micro: given -0.01; allowed: USD, 0 or more"),
        ({"course": nan}, "ec2.t3.micro: given nan; allowed"),
        ({"seoul": "0.01", "seoul_source": "ec2"}, "ec2.t3.micro: given '0.01'; allowed"),
    ],
)
def test_a_price_that_is_none_or_that_nobody_vouches_for(change: Mapping[str, Any], says: str) -> None:
    data = deepcopy(_PRICES)
    line = data["price"]["ec2.t3.micro"] | change
    data["price"]["ec2.t3.micro"] = {key: value for key, value in line.items() if value is not None}
    with pytest.raises(ValueError, match=says):
        prices.parsed(data)


def test_a_commitment_covers_what_has_a_price() -> None:
    data = {**_PRICES, "commitment": [{"id": "c", "covers": ["ec2.nothing"]}]}
    with pytest.raises(ValueError, match=r"c: given 'ec2.nothing'"):
        prices.parsed(data)


def test_without_a_figure_of_seoul_the_course_s_stands_in_and_is_marked() -> None:
    data = deepcopy(_PRICES)
    for name in ("seoul", "seoul_source"):
        data["price"]["ec2.t3.micro"].pop(name, None)
    line = prices.parsed(data).lines["ec2.t3.micro"]
    assert line.usd("seoul") == line.usd("course") == 0.010
    assert line.sourced("course")
    assert not line.sourced("seoul")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[price", "prices.toml: given Expected '\\]' .*; allowed: TOML; correct that line"),
        ("", "prices.toml: given no 'document'; allowed: .*; add it"),
    ],
)
def test_a_file_that_is_none(text: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "prices.toml").write_text(text)
    with pytest.raises(prices.FileError, match=f"^{says}$"):
        prices.read(tmp_path / "prices.toml", prices.parsed)


def test_a_quantity_that_is_none() -> None:
    volume = {"what": "w", "price": "nat.gb", "stack": "VpcStack", "type": "T", "source": "s", "prod": -1}
    with pytest.raises(ValueError, match="w: given -1; allowed: a figure, 0 or more"):
        volumes.parsed({"volume": [volume]})


@pytest.mark.parametrize("quantities", [{}, {"usd": {"production": 1}}])
def test_a_volume_of_no_stage(quantities: Mapping[str, Any]) -> None:
    volume = {"what": "w", "price": "nat.gb", "stack": "VpcStack", "type": "T", "source": "s", **quantities}
    with pytest.raises(ValueError, match="w: given no quantity of a stage"):
        volumes.parsed({"volume": [volume]})

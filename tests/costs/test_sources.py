"""Whose word each figure of the price file is: a document with a name, an address and the day it was read.

Reads the file as it is written; what is computed from it is tested beside the code that computes.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from cloudmart_cdk import costs

FILE = Path(costs.__file__).parent / "prices.toml"
TEXT: Mapping[str, Any] = tomllib.loads(FILE.read_text(encoding="utf-8"))
DOCUMENTS: Mapping[str, Mapping[str, Any]] = TEXT["document"]
PRICES: Mapping[str, Mapping[str, Any]] = TEXT["price"]
COMMITMENTS: tuple[Mapping[str, Any], ...] = tuple(TEXT["commitment"])

# Seoul over the course's figure. The course's list is below us-east-1's in places (t3.micro, db.t3.*), so some of
# Seoul's prices are two thirds above it; its load balancer is dearer than Seoul's. A figure in another unit, or of
# another thing, is outside.
PLAUSIBLE = (0.85, 1.70)
APART = {"transfer.regions": "AWS asks four times as much for leaving Seoul as for leaving us-east-1"}

# What no public document states; each output marks it. A line that is found leaves the list.
UNSOURCED = {
    "ec2.spot.t3.medium",  # spot prices float: there is no list of them
    "ec2.spot.t4g.medium",
    "cost.queries",
    "backup.copy",
    *(
        f"elasticache.{engine}.cache.{size}"
        for engine in ("redis", "valkey")
        for size in ("t3.micro", "t3.small", "t3.medium", "t4g.small", "t4g.medium", "m7g.large")
    ),
}


@pytest.mark.parametrize("name", sorted(PRICES))
def test_a_figure_has_a_source(name: str) -> None:
    line = PRICES[name]
    assert line["course_source"] in DOCUMENTS
    assert ("seoul" in line) == ("seoul_source" in line)
    assert line.get("seoul_source", line["course_source"]) in DOCUMENTS
    assert line["course"] > 0


def test_seoul_is_sourced_or_said_to_be_not() -> None:
    assert {name for name, line in PRICES.items() if "seoul" not in line} == UNSOURCED


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_a_document_can_be_found_again(name: str) -> None:
    document = DOCUMENTS[name]
    assert document["name"]
    assert document["address"].startswith("https://") or name.startswith("course")
    assert document.get("read", TEXT["date"]) <= TEXT["date"]


def test_documents_of_seoul_and_of_commitments_say_when_they_were_read() -> None:
    used = {line["seoul_source"] for line in PRICES.values() if "seoul" in line}
    used |= {each["source"] for each in COMMITMENTS if "discount_percent" in each}
    assert {name for name in used if not isinstance(DOCUMENTS[name].get("read"), date)} == set()


def test_no_document_is_idle() -> None:
    used = {line[key] for line in PRICES.values() for key in ("course_source", "seoul_source") if key in line}
    used |= {each["source"] for each in COMMITMENTS if "source" in each}
    assert set(DOCUMENTS) - used == set()


@pytest.mark.parametrize("name", sorted(name for name, line in PRICES.items() if "seoul" in line and name not in APART))
def test_seoul_is_of_the_same_thing_and_unit(name: str) -> None:
    low, high = PLAUSIBLE
    assert low <= PRICES[name]["seoul"] / PRICES[name]["course"] <= high


def test_servers_in_seoul_cost_a_quarter_more_than_the_courses() -> None:
    """Specification section 8: "25 to 30 % higher"; EC2 is, and its figures are the bulk of the bill."""
    nodes = [name for name, line in PRICES.items() if name.startswith("ec2.t") and "seoul" in line]
    ratios = sorted(PRICES[name]["seoul"] / PRICES[name]["course"] for name in nodes)
    assert 1.23 <= ratios[len(ratios) // 2] <= 1.30


@pytest.mark.parametrize("commitment", COMMITMENTS, ids=lambda each: str(each["id"]))
def test_a_commitment_covers_prices_and_has_a_source(commitment: Mapping[str, Any]) -> None:
    assert commitment["covers"]
    assert set(commitment["covers"]) <= set(PRICES)
    assert ("discount_percent" in commitment) == ("source" in commitment)
    assert 0 < commitment.get("discount_percent", 1) < 75
    assert commitment.get("source", "course") in DOCUMENTS

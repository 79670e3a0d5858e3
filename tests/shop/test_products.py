"""Lists, search and details: what everybody sees."""

import unicodedata
from typing import Any

import httpx
import pytest


def items(client: httpx.Client, **query: Any) -> list[dict[str, Any]]:
    answer = client.get("/api/products", params=query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def names(client: httpx.Client, **query: Any) -> set[str]:
    return {item["name"]["en"] for item in items(client, **query)}


def test_the_sample_catalogue_fills_a_shop_window(client: httpx.Client) -> None:
    page = client.get("/api/products").json()
    assert (page["total"], page["total_exact"], page["next"]) == (24, True, None)
    assert len({item["emoji"] for item in page["items"]}) >= 20
    for item in page["items"]:
        assert item["name"]["ko"]
        assert item["name"]["en"]
        assert item["description"]["ko"]
        assert item["description"]["en"]
        assert item["price"] > 0
        assert item["currency"] == "KRW"
        assert item["image"] is None


def test_categories_say_how_much_they_hold(client: httpx.Client) -> None:
    categories = client.get("/api/categories").json()["items"]
    assert [category["id"] for category in categories] == [
        "kitchen",
        "living",
        "stationery",
        "fashion",
        "food",
        "outdoor",
    ]
    assert sum(category["products"] for category in categories) == 24
    for category in categories:
        assert len(items(client, category=category["id"])) == category["products"]


@pytest.mark.parametrize("sort", ["newest", "price_asc", "price_desc", "name_ko", "name_en"])
@pytest.mark.parametrize("category", [None, "food"])
def test_pages_follow_each_other_without_gap_or_repetition(
    client: httpx.Client, sort: str, category: str | None
) -> None:
    chosen = {"category": category} if category else {}
    whole = items(client, sort=sort, limit=100, **chosen)
    walked: list[Any] = []
    cursor: dict[str, str] = {}
    while True:
        page = client.get("/api/products", params={"sort": sort, "limit": 5, **chosen, **cursor}).json()
        assert page["total"] == len(whole)
        walked += page["items"]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert [item["id"] for item in walked] == [item["id"] for item in whole]


def test_each_order_is_that_order(client: httpx.Client) -> None:
    def column(sort: str, *path: str) -> list[Any]:
        found: list[Any] = items(client, sort=sort)
        for key in path:
            found = [item[key] for item in found]
        return found

    assert column("newest", "id") == sorted(range(1, 25), reverse=True)
    assert column("price_asc", "price") == sorted(column("price_asc", "price"))
    assert column("price_desc", "price") == sorted(column("price_desc", "price"), reverse=True)
    assert column("name_ko", "name", "ko") == sorted(column("name_ko", "name", "ko"))
    assert column("name_en", "name", "en") == sorted(column("name_en", "name", "en"))


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("mug", {"Stoneware mug"}),
        ("MUG", {"Stoneware mug"}),
        ("oneware", {"Stoneware mug"}),
        ("커피", {"Stoneware mug", "Coffee beans, 500 g"}),
        ("머그", {"Stoneware mug"}),
        ("그컵", {"Stoneware mug"}),
        ("컵", {"Stoneware mug"}),
        ("차", {"Glass teapot", "Jeju green tea", "Yuzu marmalade"}),
        ("캠핑 의자", {"Folding chair"}),
        ("camping", {"Tent for two", "Folding chair"}),
        ("  chair   camping ", {"Folding chair"}),
        (unicodedata.normalize("NFD", "커피"), {"Stoneware mug", "Coffee beans, 500 g"}),
        ("커피 텐트", set()),
        ("umg", set()),
        ("", None),
        ("   ", None),
    ],
)
def test_search_finds_words_anywhere_in_both_languages(client: httpx.Client, q: str, expected: set[str] | None) -> None:
    found = names(client, q=q)
    assert found == expected if expected is not None else len(found) == 24


@pytest.mark.parametrize("q", ["%", "_", "\\", "%u%", "m_g", "'", '"', "{", "}", "🎒", "$1", "--", "%s", "%(q)s"])
def test_what_means_something_to_sql_is_a_letter_like_any_other(client: httpx.Client, q: str) -> None:
    assert names(client, q=q) == set()


def test_a_search_has_pages_and_orders_too(client: httpx.Client) -> None:
    first = client.get("/api/products", params={"q": "차", "sort": "price_asc", "limit": 2}).json()
    second = client.get(
        "/api/products", params={"q": "차", "sort": "price_asc", "limit": 2, "cursor": first["next"]}
    ).json()
    prices = [item["price"] for item in first["items"] + second["items"]]
    assert prices == sorted(prices)
    assert len(prices) == first["total"] == second["total"]


def test_a_product_by_its_number(client: httpx.Client) -> None:
    product = client.get("/api/products/1").json()
    assert product == next(item for item in items(client) if item["id"] == 1)
    assert client.get("/api/products/2147483647").status_code == 404


def test_browsers_get_again_only_what_has_changed(client: httpx.Client) -> None:
    first = client.get("/api/products/2")
    assert first.headers["cache-control"] == "no-cache"
    again = client.get("/api/products/2", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get("/api/products/2", headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize(
    ("query", "at"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "101"}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"sort": "price"}, "sort"),
        ({"category": "No Such"}, "category"),
        ({"q": "x" * 101}, "q"),
        ({"q": "a\x00b"}, "q"),
        ({"cursor": "%%%"}, "cursor"),
        ({"cursor": "AAAA"}, "cursor"),
        ({"cursor": "WyJuZXdlc3QiLCJ4Iiwic" * 40}, "cursor"),
        ({"page": "2"}, "page"),
    ],
)
def test_what_is_wrong_with_a_query_is_said(client: httpx.Client, query: dict[str, str], at: str) -> None:
    answer = client.get("/api/products", params=query)
    assert answer.status_code == 422
    assert answer.json()["type"] == "urn:cloudmart:problem:invalid"
    assert [(error["in"], error["at"]) for error in answer.json()["errors"]] == [("query", at)]


def test_a_cursor_is_good_for_its_own_list_only(client: httpx.Client) -> None:
    following = client.get("/api/products", params={"sort": "price_asc", "limit": 1}).json()["next"]
    assert client.get("/api/products", params={"sort": "price_desc", "cursor": following}).status_code == 422

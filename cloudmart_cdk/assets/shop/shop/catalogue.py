"""Products and categories as the database knows them: lists, search, single products.

Owns the queries and the paging; not their form over HTTP.
"""

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Final, Literal, LiteralString, get_args

from .database import Database, Row
from .failures import Invalid
from .search import words

SortName = Literal["newest", "price_asc", "price_desc", "name_ko", "name_en"]
COUNTED: Final = 1000
"""How far totals count: beyond, nobody cares and the database would."""


@dataclass(frozen=True)
class Sort:
    """By `column`, and by id among equals, so that the order is total and a page can go on from any product."""

    column: LiteralString
    descending: bool
    kind: type[int] | type[str]


SORTS: Final[dict[SortName, Sort]] = {
    "newest": Sort("id", True, int),
    "price_asc": Sort("price", False, int),
    "price_desc": Sort("price", True, int),
    "name_ko": Sort("name_ko", False, str),
    "name_en": Sort("name_en", False, str),
}
assert set(SORTS) == set(get_args(SortName))

_COLUMNS: Final = (
    """id, category, name_ko, name_en, description_ko, description_en, price, stock, image, emoji, colour"""
)


@dataclass(frozen=True, kw_only=True)
class Selection:
    """What of the catalogue is wanted."""

    q: str = ""
    category: str | None = None
    sort: SortName = "newest"
    limit: int = 24
    cursor: str | None = None


@dataclass(frozen=True)
class Page:
    rows: list[Row]
    total: int
    total_exact: bool
    next: str | None


class Catalogue:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, selection: Selection) -> Page:
        """Raises `Invalid` for a cursor that is not this list's."""
        sort = SORTS[selection.sort]
        matches, parameters = _matches(selection)
        counting: LiteralString = (
            f"SELECT count(*) FROM (SELECT FROM products WHERE {matches} LIMIT {COUNTED + 1}) AS found"
        )
        after: LiteralString = "true"
        if selection.cursor is not None:
            value, id = _opened(selection.cursor, selection.sort, sort)
            comparison: LiteralString = "<" if sort.descending else ">"
            after = f"({sort.column}, id) {comparison} (%(after)s, %(after_id)s)"
            parameters |= {"after": value, "after_id": id}
        direction: LiteralString = "DESC" if sort.descending else "ASC"
        order: LiteralString = f"{sort.column} {direction}, id {direction}"
        listing: LiteralString = (
            f"SELECT {_COLUMNS} FROM products WHERE {matches} AND {after} ORDER BY {order} LIMIT %(limit)s"
        )
        # One more than asked for tells whether there is a next page.
        rows = await self._database.read(listing, parameters | {"limit": selection.limit + 1}, name="products.list")
        [counted] = await self._database.read(counting, parameters, name="products.count")
        more = len(rows) > selection.limit
        rows = rows[: selection.limit]
        return Page(
            rows,
            total=min(counted["count"], COUNTED),
            total_exact=counted["count"] <= COUNTED,
            next=_closed(selection.sort, rows[-1][sort.column], rows[-1]["id"]) if more else None,
        )

    async def product(self, id: int) -> Row | None:
        rows = await self.some([id])
        return rows[0] if rows else None

    async def some(self, ids: list[int]) -> list[Row]:
        """Those of these that exist, by id."""
        query: LiteralString = f"SELECT {_COLUMNS} FROM products WHERE id = ANY(%s) ORDER BY id"
        return await self._database.read(query, [ids], name="products.some")

    async def categories(self) -> list[Row]:
        """All, in the order of the shop window, with how many products each has."""
        query: LiteralString = """
            SELECT id, name_ko, name_en, emoji,
                (SELECT count(*) FROM products WHERE category = categories.id) AS products
            FROM categories ORDER BY position, id"""
        return await self._database.read(query, name="categories.list")


def _matches(selection: Selection) -> tuple[LiteralString, dict[str, object]]:
    conditions: list[LiteralString] = []
    parameters: dict[str, object] = {}
    if selection.category is not None:
        conditions.append("category = %(category)s")
        parameters["category"] = selection.category
    wanted = words(selection.q)
    if wanted.patterns:
        conditions.append("grams @> %(grams)s::text[] AND search LIKE ALL (%(patterns)s::text[])")
        parameters |= {"grams": wanted.grams, "patterns": wanted.patterns}
    return " AND ".join(conditions) or "true", parameters


def _closed(name: SortName, value: int | str, id: int) -> str:
    text = json.dumps([name, value, id], ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _opened(cursor: str, name: SortName, sort: Sort) -> tuple[int | str, int]:
    try:
        found = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        of, value, id = found
        legal = of == name and type(value) is sort.kind and type(id) is int and 0 < id < 2**31
        if legal and (value.isprintable() if isinstance(value, str) else 0 <= value < 2**31):
            return value, id
    except (ValueError, TypeError, binascii.Error, RecursionError):
        pass
    raise Invalid("query", "cursor", "is not the `next` of a page with the same q, category and sort")

"""How words are searched: by their one- and two-letter pieces, then letter by letter.

Owns the query's side; the column `grams` and its function are in the first migration. Pieces work for Korean, whose
words have two syllables and endings, as for English; they need no extension, which the shop's database user could not
create.
"""

import unicodedata
from typing import Final, NamedTuple


class Words(NamedTuple):
    grams: list[str]
    """All of these stand in the text's index entry."""
    patterns: list[str]
    """And each of these `LIKE` patterns matches the text."""


MOST: Final = 8
"""Different words of a query: each is a condition of its own."""


def distinct(query: str) -> list[str]:
    """The words of a query, whatever their case, order and blanks."""
    return sorted(set(unicodedata.normalize("NFC", query).lower().split()))


def words(query: str) -> Words:
    """Each word of the query has to occur. No words, no conditions."""
    found = distinct(query)
    grams = {gram for word in found for gram in _grams(word)}
    return Words(sorted(grams), [f"%{_escaped(word)}%" for word in found])


def _grams(word: str) -> list[str]:
    return [word] if len(word) == 1 else [word[at : at + 2] for at in range(len(word) - 1)]


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")

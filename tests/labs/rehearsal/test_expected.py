"""What a guide shows, against what was printed."""

import pytest

from labs.rehearsal.expected import matches


@pytest.mark.parametrize(
    ("expected", "seen"),
    [
        ("200", "200\n"),
        ("a  b\nc", "a\tb\nc\n"),
        ("i-...", "i-0123456789\n"),
        ("5432  sg-...  None", "5432\tsg-1\tNone"),
        ("...\nlast", "last"),
        ("...\nlast", "one\ntwo\nlast"),
        ("first\n...", "first"),
        ("...\nmiddle\n...", "one\nmiddle\ntwo\nthree"),
        ("one\n\ntwo", "one\ntwo\n\n"),
        ("a.b", "a.b"),
        ("...a restart...", "b\ta restart\tc"),
    ],
)
def test_shown_is_seen(expected: str, seen: str) -> None:
    assert matches(expected, seen)


@pytest.mark.parametrize(
    ("expected", "seen"),
    [
        ("200", "404"),
        ("200", ""),
        ("200", "200\n200"),
        ("i-...\ni-...", "i-1"),
        ("...\nlast", "one\nlast\nanother"),
        ("a.b", "axb"),
        ("i-...", "i-1\nj-2"),
        ("one\ntwo", "two\none"),
    ],
)
def test_anything_else_is_a_lie(expected: str, seen: str) -> None:
    assert not matches(expected, seen)

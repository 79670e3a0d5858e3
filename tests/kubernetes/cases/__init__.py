"""For each rule of the linter the ways to break it."""

from typing import Final

from tests.kubernetes.cases import behaviour, objects
from tests.kubernetes.cases.case import Case

CASES: Final[tuple[Case, ...]] = (*objects.CASES, *behaviour.CASES)

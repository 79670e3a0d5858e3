"""A guide's failure is named with its line, and bad input with what is allowed. No cloud is needed."""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from labs.rehearsal import running
from labs.rehearsal.__main__ import main
from labs.rehearsal.errors import RehearsalError
from labs.rehearsal.guides import ORDER, PAGES, Guide, guides

_GUIDE = """\
# A guide

```sh
A=1
```

```sh aws
echo only there
```

```text
only there
```

```sh
echo $A
```

{shown}

```sh end
echo cleaned up
```
"""


Follow = Callable[..., int]


@pytest.fixture
def follow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Follow:
    """Runs a page without a cloud; how many steps it had."""
    monkeypatch.setattr(running, "FIRST", ":")
    page = tmp_path / "1-page.md"

    def run(text: str, *, last: bool = False) -> int:
        page.write_text(text)
        return running.follow(Guide(page), {"PATH": os.environ["PATH"], "TMPDIR": str(tmp_path)}, last=last)

    return run


def test_commands_run_in_order_and_what_is_shown_is_compared(
    follow: Follow, capsys: pytest.CaptureFixture[str]
) -> None:
    assert follow(_GUIDE.format(shown="```text\n1\n```")) == 2
    said = capsys.readouterr().out
    assert "only there" not in said
    assert [line.split()[0] for line in said.splitlines()[1:]] == ["4", "16"]


def test_clean_up_is_run_by_whoever_stops_here(follow: Follow) -> None:
    assert follow(_GUIDE.format(shown=""), last=True) == 3


def test_output_of_aws_is_not_compared(follow: Follow) -> None:
    assert follow(_GUIDE.format(shown="```text aws\n2\n```")) == 2


def test_a_guide_that_shows_something_else_is_named_by_line(follow: Follow, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RehearsalError) as refused:
        follow(_GUIDE.format(shown="```text\n2\n```"))
    assert re.match(r"error: (\S*/)?1-page\.md:16: echo \$A: ", str(refused.value))
    assert "\n" not in str(refused.value)
    assert capsys.readouterr().out.splitlines()[-2:] == [f"    16  {'echo $A':<76}  FAILED", "        1"]


def test_a_command_that_fails_is_named_with_its_status(follow: Follow) -> None:
    with pytest.raises(RehearsalError, match=r"1-page.md:2: grep nothing /dev/null: given status 1; allowed: 0"):
        follow("```sh\ngrep nothing /dev/null\n```\n")


def test_a_guide_without_commands_is_no_guide(follow: Follow) -> None:
    with pytest.raises(RehearsalError, match="no command"):
        follow("# Words\n")


def test_guides_up_to_the_last_one_named() -> None:
    assert [guide.name for guide in guides([], language="en")] == [*PAGES]
    assert [guide.name for guide in guides(["3-backend", "1-vpc"], language="ko")] == [*ORDER[:3]]


@pytest.mark.parametrize(
    ("arguments", "status", "named"),
    [
        (["7-nothing"], 1, "7-nothing; allowed: 1-vpc, 2-data"),
        (["--language", "fr"], 2, "'fr' (choose from 'en', 'ko')"),
        (["--no-such"], 2, "--no-such"),
    ],
)
def test_bad_input_is_one_line(
    arguments: list[str], status: int, named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == status
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("error: ")
    assert said.err.count("\n") == 1
    assert named in said.err

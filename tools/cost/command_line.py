"""What the cost tools' command lines have in common, and how they refuse: in one line."""

import argparse
import os
import sys
from collections.abc import Callable
from typing import Final, NoReturn

from cloudmart_cdk.settings import SettingsError
from cloudmart_cdk.settings.loading import STAGES

from .errors import CostError, refused

REFUSED: Final = 1
BAD_COMMAND_LINE: Final = 2


class Parser(argparse.ArgumentParser):
    """Refuses in one line, without the usage."""

    def error(self, message: str) -> NoReturn:
        allowed = f"what `{self.prog} --help` lists"
        print(refused("command line", given=message, allowed=allowed, do="correct it"), file=sys.stderr)
        self.exit(BAD_COMMAND_LINE)


def guarded(run: Callable[[], None]) -> int:
    """Exit status: 0, or 1 when refused, with one line on standard error."""
    try:
        run()
        sys.stdout.flush()
    except (CostError, SettingsError) as wrong:
        print(wrong, file=sys.stderr)
        return REFUSED
    except BrokenPipeError:  # `| head` has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as failed:
        given = f"{failed.filename}: {failed.strerror}"
        print(refused("cost", given=given, allowed="a file that can be written", do="mend it"), file=sys.stderr)
        return REFUSED
    except KeyboardInterrupt:
        print("error: cost: interrupted; nothing was deployed or changed, run it again", file=sys.stderr)
        return 130
    return 0


def stage(text: str) -> str:
    if text not in STAGES:
        raise argparse.ArgumentTypeError(f"{text} (one of {', '.join(STAGES)})")
    return text


def setting(text: str) -> tuple[str, str]:
    """`key=value`, as `cdk -c` takes it."""
    key, equals, value = text.partition("=")
    if not key or not equals:
        raise argparse.ArgumentTypeError(f"{text} (KEY=VALUE, e.g. cache.engine=valkey)")
    return key, value

"""How the cost tools end: 0, 1 when refused, 2 for a bad command line."""

from collections.abc import Callable

from cloudmart_cdk.costs.prices import FileError
from cloudmart_cdk.settings import SettingsError
from commands.ending import ended
from commands.errors import RefusedSettingsError


def guarded(run: Callable[[], None]) -> int:
    """The exit status, with one line on standard error where it is not 0."""

    def refusing() -> None:
        try:
            run()
        except SettingsError as refused:
            raise RefusedSettingsError(str(refused)) from None
        except FileError as broken:
            raise RefusedSettingsError(f"error: {broken}") from None

    return ended(refusing, interrupted="nothing was deployed or changed, run it again")

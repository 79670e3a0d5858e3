"""Bills of sources: synthesized if need be, two at a time, and priced."""

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from cloudmart_cdk.costs import prices, volumes
from cloudmart_cdk.costs.bill import bill
from cloudmart_cdk.costs.charge import Unpriced
from cloudmart_cdk.policy.model import Deployment

from .errors import CostError
from .figures import Sheet
from .sources import Source, checkout

_AT_ONCE: Final = min(2, os.cpu_count() or 1)
"""Synths: each takes a core and half a gigabyte."""


def sheets(wanted: Sequence[tuple[Source, str]]) -> list[Sheet]:
    """Of each (source, stage), in that order. Raises `CostError` and `SettingsError`."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        made = [pool.submit(source.deployment, stage) for source, stage in wanted]
        try:
            return [priced(each.result(), source.label) for each, (source, _) in zip(made, wanted, strict=True)]
        except BaseException:
            pool.shutdown(cancel_futures=True)  # what is not begun is not worth waiting for
            raise


def of_contexts(stage: str, context: Mapping[str, str]) -> Callable[[Mapping[str, Mapping[str, str]]], Sequence[Sheet]]:
    """Bills of this checkout with other settings, each a synth."""
    return lambda wanted: sheets(
        [(checkout({**context, **changed}, title), stage) for title, changed in wanted.items()]
    )


def priced(deployment: Deployment, label: str) -> Sheet:
    """A stage's bill. Raises `CostError` for what has no price."""
    try:
        made = bill(deployment, prices.load(), volumes.load())
    except Unpriced as missing:
        raise CostError(missing.what, given=missing.given, allowed=missing.allowed, do=missing.do) from None
    return Sheet(deployment.settings.stage, label, deployment.settings, made.items, tuple(deployment.stacks))

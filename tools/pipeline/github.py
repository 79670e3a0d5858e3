"""GitHub's REST API, as much as the pipeline needs, with the standard library alone: this runs where a token can write,
and nothing of others is installed there.

Owns requests and what GitHub refuses; what is written is `comment`'s and `drift`'s.
"""

import json
import os
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tools.pipeline.errors import PipelineError

BOT: Final = "github-actions[bot]"
"""Whose the texts are that a job's token writes."""
_PAGE: Final = 100
_TIMEOUT_S: Final = 30


@dataclass(frozen=True, kw_only=True)
class GitHub:
    """One repository. Every call raises `PipelineError` when GitHub refuses."""

    api: str
    repository: str
    token: str
    run: str
    """Address of the run that speaks."""

    def pages(self, path: str, **query: str) -> Iterator[dict[str, Any]]:
        """All entries of a list."""
        number = 1
        while True:
            words = urllib.parse.urlencode({**query, "per_page": str(_PAGE), "page": str(number)})
            entries = self._ask("GET", f"{path}?{words}")
            yield from entries
            if len(entries) < _PAGE:
                return
            number += 1

    def send(self, method: str, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """`path`: below the repository's."""
        answer: dict[str, Any] = self._ask(method, path, body)
        return answer

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        request = urllib.request.Request(
            f"{self.api}/repos/{self.repository}/{path}",
            data=None if body is None else json.dumps(body).encode(),
            method=method,
            headers={
                "Accept": "application/vnd.github+json",
                "Authorization": f"Bearer {self.token}",
                "X-GitHub-Api-Version": "2022-11-28",
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as refused:
            with refused:
                why = f"GitHub answers {refused.code} to {method} {path.partition('?')[0]}"
            raise PipelineError("GitHub", why=why, do="look at the job's permissions and run it again") from None
        except OSError as failed:
            why = f"{self.api} cannot be reached: {failed}"
            raise PipelineError("GitHub", why=why, do="run it again") from None


def of_this_run() -> GitHub:
    """As the runner's environment has it, with `GITHUB_TOKEN` given to the step. Raises `PipelineError`."""
    names = ("GITHUB_API_URL", "GITHUB_REPOSITORY", "GITHUB_TOKEN", "GITHUB_SERVER_URL", "GITHUB_RUN_ID")
    missing = [name for name in names if not os.environ.get(name)]
    if missing:
        why = f"given no {', '.join(missing)}; allowed: a job of GitHub"
        raise PipelineError("environment", why=why, do="call it from a workflow")
    api, repository, token, server, run = (os.environ[name] for name in names)
    return GitHub(api=api, repository=repository, token=token, run=f"{server}/{repository}/actions/runs/{run}")

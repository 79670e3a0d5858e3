"""Container images in templates: whether a name always means the same image.

Owns reading the name. Knows no rule. A digest says it itself; a template parameter where its `AllowedPattern` admits
digests only, and of the one service that it releases; a tag only in a repository of this app that keeps its tags
where they are.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from . import releases
from .model import Deployment, section

_DIGEST: Final = re.compile(r"\S+@sha256:[0-9a-f]{64}")
_TAG: Final = r":(?!latest$)\w[\w.-]*"
_BY_REFERENCE: Final = re.compile(r"(\$\{[\w.]+\.RepositoryUri\})" + _TAG)
_BY_NAME: Final = re.compile(r"([^/]+)\.dkr\.ecr\.[^/]+/([^:@]+)" + _TAG)
_OWN_ACCOUNT: Final = ("${AWS::AccountId}", "${Fn::Select}")
"""The second is CDK's way: it selects the account from the repository's ARN."""


_RELEASED: Final = re.compile(r"(?:(\$\{[\w.]+\.RepositoryUri\})|([^/@]+)\.dkr\.ecr\.[^/@]+/([\w./-]+))@\$\{(\w+)\}")
"""An image of one repository by a digest that a template parameter holds."""
_DIGESTS_ONLY: Final = re.compile(r"\^?\(?sha256:\[0-9a-f\]\{64\}\)?\??\$?")


def pinned(given: Any, app: Deployment) -> bool:
    """Whether what runs today under this name is what runs under it tomorrow."""
    image = given if isinstance(given, str) else ""
    if _DIGEST.fullmatch(image):
        return True
    if found := _RELEASED.fullmatch(image):
        own = found[1] or (found[3] if found[2] in (app.settings.account, *_OWN_ACCOUNT) else "")
        return _releases(app, found[4], own) and _admits_digests_only(app, found[4])
    if found := _BY_REFERENCE.fullmatch(image):
        return _immutable(app, found[1])
    found = _BY_NAME.fullmatch(image)
    return found is not None and found[1] in (app.settings.account, *_OWN_ACCOUNT) and _immutable(app, found[2])


def _releases(app: Deployment, parameter: str, repository: str) -> bool:
    """Whether a repository of this app, by reference or by name, is the one that the parameter chooses from."""
    name, referred = releases.repositories(app.settings).get(parameter), app.target(repository, "AWS::ECR::Repository")
    return any(
        each.get("RepositoryName") == name and (each is referred or name == repository)
        for each in app.of("AWS::ECR::Repository")
    )


def _admits_digests_only(app: Deployment, name: str) -> bool:
    """Whether a template's parameter takes digests, and nothing else but nothing."""
    declared = [
        section(stack, "Parameters")[name] for stack in app.stacks.values() if name in section(stack, "Parameters")
    ]
    patterns = [str(each.get("AllowedPattern")) for each in declared if isinstance(each, Mapping)]
    return bool(declared) and len(patterns) == len(declared) and all(map(_DIGESTS_ONLY.fullmatch, patterns))


def _immutable(app: Deployment, repository: str) -> bool:
    """Whether a repository of this app, by reference or by name, keeps its tags where they are."""
    referred = app.target(repository, "AWS::ECR::Repository")
    return any(
        each.get("ImageTagMutability") == "IMMUTABLE"
        for each in app.of("AWS::ECR::Repository")
        if each is referred or each.get("RepositoryName") == repository
    )

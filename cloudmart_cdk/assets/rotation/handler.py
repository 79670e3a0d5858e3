"""Entry point: the four steps of a rotation (Secrets Manager guide, "Lambda rotation functions"), and a deploy's
custom resource."""

import json
import os
from typing import Any, Final

from . import custom_resource
from .cache import Cache
from .errors import RotationError
from .postgresql import Server
from .rotators import AppRotator, CacheRotator, OwnerRotator, Rotator
from .settings import Settings
from .trust import authorities
from .versions import CURRENT, PENDING, Secret

_SPARE_SECONDS: Final = 10
"""Kept for the last line of log."""


def handle(event: dict[str, Any], context: Any) -> None:
    """`event`: Secrets Manager's (Step, SecretId, ClientRequestToken), or CloudFormation's (RequestType, ...)."""
    if "RequestType" in event:
        custom_resource.answer(event, _prepare)
        return
    try:
        _rotate(event, context)
    except Exception as error:
        _log("error", step=event.get("Step"), secret=event.get("SecretId"), message=str(error))
        raise


def _prepare() -> None:
    settings = Settings.of(os.environ)
    _app(settings, _server(settings)).prepare()


def _rotate(event: dict[str, Any], context: Any) -> None:
    settings = Settings.of(os.environ)
    step, version = event["Step"], event["ClientRequestToken"]
    rotator = _rotator(settings, event["SecretId"], context)
    secret = rotator.secret
    stages = secret.stages(version)
    if CURRENT in stages:
        message = "this version is current already"
    elif step == "createSecret":
        message = _create(rotator, version)
    elif PENDING not in stages:
        raise RotationError(
            f"secret {secret.name}",
            given=f"version {version}, which is not staged as {PENDING}",
            allowed="the version of a rotation under way",
            do="rotate the secret again",
        )
    elif step == "setSecret":
        rotator.install(secret.pending(version))
        message = "the store takes the new value"
    elif step == "testSecret":
        # A schedule that does not rotate at once is tried with this step alone, on a version without a value
        # (Secrets Manager guide, RotateImmediately).
        rotator.test(secret.text(PENDING, version) or secret.current())
        message = "logged in"
    elif step == "finishSecret":
        secret.promote(version)
        message = "the new value is current"
    else:
        raise RotationError(
            "step",
            given=str(step),
            allowed="createSecret, setSecret, testSecret, finishSecret",
            do="let Secrets Manager call this function",
        )
    _log("info", step=step, secret=secret.name, message=message)


def _create(rotator: Rotator, version: str) -> str:
    """A run that was killed has staged its value already, and may have put it into the store."""
    if rotator.secret.text(PENDING, version) is not None:
        return "a new value was staged already"
    rotator.secret.stage(version, rotator.new_value())
    return "staged a new value"


def _rotator(settings: Settings, arn: str, context: Any) -> Rotator:
    if arn == settings.owner_secret:
        return OwnerRotator(Secret(arn, region=settings.region), _server(settings))
    if arn == settings.app_secret:
        return _app(settings, _server(settings))
    if arn == settings.cache_secret:
        cache = Cache(
            group=settings.cache_group,
            host=settings.cache_host,
            port=settings.cache_port,
            region=settings.region,
            trust=authorities(settings.region, settings.ca_file),
            remaining=lambda: context.get_remaining_time_in_millis() / 1000 - _SPARE_SECONDS,
        )
        return CacheRotator(Secret(arn, region=settings.region), cache)
    raise RotationError(
        "secret",
        given=arn,
        allowed="the stage's database/owner, database/app and cache/auth",
        do="give the secret a rotation function of its own",
    )


def _server(settings: Settings) -> Server:
    return Server(
        host=settings.database_host,
        port=settings.database_port,
        database=settings.database_name,
        trust=authorities(settings.region, settings.ca_file),
    )


def _app(settings: Settings, server: Server) -> AppRotator:
    return AppRotator(
        Secret(settings.app_secret, region=settings.region),
        server,
        owner=Secret(settings.owner_secret, region=settings.region),
        proxy=[Secret(each, region=settings.region) for each in settings.proxy_secrets],
    )


def _log(level: str, **fields: object) -> None:
    print(json.dumps({"level": level, **fields}), flush=True)

"""KEEP-24: backups of the data tier, daily and weekly. Specification section 3, AWS Backup.

Owns the plan and that the database is in it; how long automated backups stay is in `retention`.
"""

import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, Final

from ...settings.topology import DATA
from ..lookups import always, attribute_values, holds_data, in_every_case
from ..model import MISSING, Deployment, Resource, as_list, text_of
from ..rule import Found, Rule, shown

_RHYTHMS: Final = (
    ("daily", re.compile(r"cron\(\d+ \d+ (\* \* \?|\? \* \*) \*\)")),
    ("weekly", re.compile(r"cron\(\d+ \d+ \? \* (\w{3}|[1-7]) \*\)")),
)


def _backup_plan(app: Deployment) -> Iterator[Found]:
    backup = app.settings.backup
    if not backup.plan or DATA not in app.stacks:
        return
    plans = [plan for plan in app.of("AWS::Backup::BackupPlan") if always(app, plan)]
    place = Resource(DATA, "", "AWS::CloudFormation::Template", {}, DATA, app.settings.region)
    if not plans:
        yield Found(place, "without a backup plan", f"one in stage {app.settings.stage}")
    wanted = [f"daily for {backup.daily_days} days", f"weekly for {backup.weekly_days} days"]
    for plan in plans:
        rules = [rule for rule in plan.items("BackupPlan.BackupPlanRule") if isinstance(rule, Mapping)]
        kept = sorted(f"{_rhythm(rule)} for {_days(rule)} days" for rule in rules)
        if kept != wanted:
            yield Found(plan, ", ".join(kept) or "empty", ", ".join(wanted), "BackupPlan.BackupPlanRule")
        for rule in rules:
            if app.target(rule.get("TargetBackupVault"), "AWS::Backup::BackupVault") is None:
                yield Found(
                    plan, shown(rule.get("TargetBackupVault", MISSING)), "a vault of this app", "TargetBackupVault"
                )
            copies = as_list(rule.get("CopyActions", []))
            if bool(copies) is not bool(backup.copy_region) or not all(_well_copied(app, rule, c) for c in copies):
                region, days = backup.copy_region, _days(rule)
                allowed = f"copies in {region}, of this account, for {days} days" if region else "no copies"
                yield Found(plan, shown(copies), allowed, "BackupPlan.BackupPlanRule", "copies")
    if plans and not in_every_case(app, "AWS::Backup::BackupSelection", partial(_chooses_by_tag, app, plans)):
        tag = f"Backup={app.settings.names.prefix}"
        yield Found(plans[0], f"chosen by another tag than {tag}", "all of that tag", detail="selection")
    for server in (*app.of("AWS::RDS::DBInstance"), *app.of("AWS::RDS::DBCluster")):
        tags = attribute_values(server, "Tags", "Backup")
        if holds_data(server, app) and tags != [app.settings.names.prefix]:
            given = f"tag Backup {', '.join(map(shown, tags))}"
            yield Found(server, given, f"Backup={app.settings.names.prefix}, by which the plan finds it", "Tags")


def _rhythm(rule: Mapping[str, Any]) -> str:
    schedule = rule.get("ScheduleExpression")
    return next((name for name, form in _RHYTHMS if form.fullmatch(text_of(schedule))), shown(schedule))


def _days(rule: Mapping[str, Any]) -> int:
    return int(rule.get("Lifecycle", {}).get("DeleteAfterDays", 0))


def _well_copied(app: Deployment, rule: Mapping[str, Any], copy: Mapping[str, Any]) -> bool:
    """Into the second region, of this account, for as long as what it is a copy of."""
    account = app.settings.account or "${AWS::AccountId}"
    vaults = f"arn:aws:backup:{app.settings.backup.copy_region}:{account}:backup-vault:"
    return text_of(copy.get("DestinationBackupVaultArn")).startswith(vaults) and _days(copy) == _days(rule)


def _chooses_by_tag(app: Deployment, plans: list[Resource], entry: Resource) -> bool:
    """Whether a selection of one of the plans takes everything of the stage's tag, narrowed by nothing."""
    tag = {"ConditionKey": "Backup", "ConditionType": "STRINGEQUALS", "ConditionValue": app.settings.names.prefix}
    narrowed = any(entry.get(f"BackupSelection.{name}") for name in ("Resources", "NotResources", "Conditions"))
    return (
        tag in entry.items("BackupSelection.ListOfTags")
        and not narrowed
        and app.target(entry.get("BackupPlanId")) in plans
        and app.target(entry.get("BackupSelection.IamRoleArn"), "AWS::IAM::Role") is not None
    )


RULES: Final = (
    Rule(
        "KEEP-24",
        "Where the stage has a backup plan: daily and weekly, for the days of the settings, and the database is in it",
        "Specification section 3, AWS Backup.",
        "constructs/backup.py as it is; the tag on the database",
        _backup_plan,
    ),
)

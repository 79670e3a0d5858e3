"""Who deploys, and what CDK has laid out for it: credentials, bootstrap, the stacks that are there."""

from collections.abc import Iterator
from typing import Any, Final

from preflight.account import Account, NotAskedError, NotThereError
from preflight.finding import Finding, error, ok, unchecked, warning
from preflight.needs import Bootstrap, Needs

_SETTLED: Final = frozenset(
    {
        "CREATE_COMPLETE",
        "IMPORT_COMPLETE",
        "IMPORT_ROLLBACK_COMPLETE",
        "UPDATE_COMPLETE",
        "UPDATE_ROLLBACK_COMPLETE",
    }
)
_ABSENT: Final = frozenset({"DELETE_COMPLETE", "REVIEW_IN_PROGRESS"})


def credentials(account: Account, needed: str | None) -> Finding:
    """Whose they are. `needed`: setting `account`. Raises `NotAskedError`."""
    who = account.ask("sts", "get_caller_identity")
    if needed and who["Account"] != needed:
        return error(
            "credentials",
            given=f"those of {who['Arn']}",
            allowed=f"account {needed} (setting `account`)",
            do="log in to that account",
        )
    return ok("credentials", f"{who['Arn']}, region {account.region}")


def bootstrap(account: Account, needs: Needs) -> Iterator[Finding]:
    """In every region that has a stack: new enough, and with its bucket."""
    for each in needs.bootstraps:
        what, do = f"CDK's bootstrap in {each.region}", f"`cdk bootstrap aws://{account.id}/{each.region}`"
        wanted = f"version {each.version} or newer ({each.parameter})"
        try:
            found = account.ask(
                "ssm", "get_parameter", region=each.region, none="ParameterNotFound", Name=each.parameter
            )
        except NotThereError:
            yield error(what, given="none", allowed=wanted, do=do)
            continue
        version = found["Parameter"]["Value"]
        if version.isdecimal() and int(version) >= each.version:
            yield ok(what, f"version {version}, {each.version} is enough")
            yield from _buckets(account, each)
        else:
            yield error(what, given=f"version {version}", allowed=wanted, do=do)


def _buckets(account: Account, each: Bootstrap) -> Iterator[Finding]:
    """They go when somebody empties an account; the version that says "bootstrapped" stays."""
    for bucket in sorted(each.buckets):
        what = f"CDK's bucket of assets in {each.region}"
        try:
            account.ask("s3", "head_bucket", region=each.region, none="404", Bucket=bucket)
        except NotThereError:
            do = f"delete the stack CDKToolkit, then `cdk bootstrap aws://{account.id}/{each.region}`"
            yield error(what, given=f"no bucket {bucket}", allowed="the bootstrap's", do=do)
        else:
            yield ok(what, bucket)


def stacks(account: Account, needs: Needs) -> tuple[frozenset[str], list[Finding]]:
    """Ids of the stacks that are there, and a line for each stack of the app."""
    there, findings = set(), []
    for id_, stack in needs.app.stacks.items():
        what = f"stack {stack.name}"
        try:
            found = account.ask(
                "cloudformation", "describe_stacks", region=stack.region, none="ValidationError", StackName=stack.name
            )["Stacks"][0]
        except NotThereError:
            findings.append(ok(what, "not there yet: it will be made"))
            continue
        except NotAskedError as missing:
            findings.append(unchecked(what, str(missing)))
            continue
        finding = _judge_stack(what, stack.name, found)
        findings.append(finding)
        if found["StackStatus"] not in _ABSENT:
            there.add(id_)
    return frozenset(there), findings


def _judge_stack(what: str, name: str, found: dict[str, Any]) -> Finding:
    status = found["StackStatus"]
    delete = f"`aws cloudformation delete-stack --stack-name {name}`, then run this again"
    tags = {tag["Key"]: tag["Value"] for tag in found.get("Tags", ())}
    if status in _ABSENT:
        return ok(what, f"{status}: it will be made")
    if tags.get("Project") not in (None, "CloudMart"):
        return error(
            what,
            given=f"one of project {tags['Project']}",
            allowed="none, or one of this project",
            do="deploy under another name (--name)",
        )
    if status in _SETTLED:
        return ok(what, f"there ({status}): this deploy is an update of it")
    if status.endswith("_IN_PROGRESS"):
        return error(what, given=status, allowed="a stack at rest", do="wait until it ends, then run this again")
    if status in ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED"):
        # CDK deletes it by itself and begins anew; what its first deploy kept does not go by that.
        return warning(what, given=status, allowed="a stack that once came up, or none", do=delete)
    if status == "UPDATE_ROLLBACK_FAILED":
        go_on = f"`aws cloudformation continue-update-rollback --stack-name {name}`"
        return error(what, given=status, allowed="a stack at rest", do=go_on)
    return error(what, given=status, allowed="a stack at rest, or none", do=delete)

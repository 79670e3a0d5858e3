"""Bad commands, each of which a page could contain: the rehearsal has to refuse every one, and for its own reason."""

from pathlib import Path

import pytest

from tests.matrix import MATRIX
from tools.runbook.aws_cli import AwsCli
from tools.runbook.checks import CONFIGURATIONS, first_lines
from tools.runbook.kinds import Held
from tools.runbook.names import Names
from tools.runbook.pages import Page
from tools.runbook.programs import Programs
from tools.runbook.rehearsal import rehearse

GOOD = {
    "names of a generated kind": "aws logs tail /aws/rds/instance/$P-db/postgresql --since 15m",
    "a name made before it is used": "aws rds restore-db-instance-to-point-in-time "
    "--source-db-instance-identifier $P-db --target-db-instance-identifier $P-db-restored "
    "--use-latest-restorable-time\n"
    "aws rds wait db-instance-available --db-instance-identifier $P-db-restored",
    "a loop over what AWS answers": "for g in $(aws eks list-nodegroups --cluster-name $P-tiketi --query nodegroups "
    "--output text); do aws eks describe-nodegroup --cluster-name $P-tiketi --nodegroup-name $g; done",
    "a logical id found in the template": "aws logs tail $(aws cloudformation describe-stack-resources --stack-name "
    "$P-DataStack --output text --query \"StackResources[?starts_with(LogicalResourceId,'RotationLogGroup')]"
    '.PhysicalResourceId")',
    "an output": "aws cloudformation describe-stacks --stack-name $P-FrontendCdnStack "
    "--query \"Stacks[0].Outputs[?OutputKey=='ShopUrl'].OutputValue\" --output text",
    "kubectl": "kubectl -n tiketi get deploy,hpa -o wide; kubectl -n tiketi rollout restart deploy/auth",
    "kubectl in a pipe": "helm show crds aws-load-balancer-controller --repo https://aws.github.io/eks-charts "
    "--version 1.14.0 | kubectl apply --server-side -f -",
    "cdk": "cdk deploy -c stage=$STAGE -c name=$NAME -c database.storage_gb=200 DataStack",
    "delivery": "python -m delivery status --stage $STAGE --services",
    "make": "make release SERVICE=auth IMAGE=v1",
    "version 2 only": "aws lambda invoke --function-name x --cli-binary-format raw-in-base64-out "
    "--payload '{}' out.json",
}

BAD = {
    "operation": ("aws rds describe-db-instance --db-instance-identifier $P-db", "Invalid choice"),
    "service": ("aws rsd describe-db-instances", "Invalid choice"),
    "option": ("aws rds describe-db-instances --db-instance $P-db", "Unknown options: --db-instance"),
    "required option": ("aws rds stop-db-instance", "required: --db-instance-identifier"),
    "value of an enumeration": ("aws cloudwatch describe-alarms --state-value ALARMED", "allowed: OK, ALARM"),
    "value of an enumeration in a structure": (
        "aws eks update-nodegroup-config --cluster-name $P-tiketi --nodegroup-name x --taints "
        "'addOrUpdateTaints=[{key=a,value=b,effect=NEVER}]'",
        "allowed: NO_SCHEDULE",
    ),
    "type": ("aws rds modify-db-instance --db-instance-identifier $P-db --allocated-storage much", "invalid literal"),
    "shorthand": ("aws ec2 describe-instances --filters Name=vpc-id,Value=vpc-1", "Unknown parameter in Filters[0]"),
    "pattern": ("aws logs describe-log-groups --log-group-name-prefix 'rotation log'", "allowed: what matches"),
    "length": ("aws ssm get-automation-execution --automation-execution-id 1", "min length: 36"),
    "query's syntax": ("aws rds describe-db-instances --query 'DBInstances['", "Bad value for --query"),
    "query's field": (
        "aws rds describe-db-instances --query 'DBInstances[].[DBInstanceState]'",
        "--query: given DBInstanceState; allowed: DBInstanceStatus",
    ),
    "query's field in a filter": (
        "aws rds describe-db-instances --query \"DBInstances[?Status=='available'].Engine\"",
        "--query: given Status",
    ),
    "query into a list": ("aws rds describe-db-instances --query DBInstances.Engine", "[] before it"),
    "logical id": (
        "aws cloudformation describe-stack-resources --stack-name $P-DataStack "
        "--query \"StackResources[?starts_with(LogicalResourceId,'RotatorLog')].PhysicalResourceId\"",
        "finds nothing in the templates",
    ),
    "logical id in a list of pages": (
        "aws cloudformation list-stack-resources --stack-name $P-DataStack "
        "--query \"StackResourceSummaries[?starts_with(LogicalResourceId,'RotatorLog')].PhysicalResourceId\"",
        "finds nothing in the templates",
    ),
    "output of a stack": (
        "aws cloudformation describe-stacks --stack-name $P-FrontendCdnStack "
        "--query \"Stacks[0].Outputs[?OutputKey=='ShopURL'].OutputValue\"",
        "finds nothing in the templates",
    ),
    "stack": ("aws cloudformation describe-stacks --stack-name $P-DatabaseStack", "no template makes"),
    "alarm": ("aws cloudwatch describe-alarms --alarm-names $P-shop-error-rates", "no template makes"),
    "log group": ("aws logs tail /aws/rds/instance/$P-database/postgresql", "no template makes"),
    "beginning of a log group": (
        "aws logs describe-log-groups --log-group-name-prefix $P-DataStack-Slow --query 'logGroups[0].logGroupName'",
        "no template makes",
    ),
    "instance": ("aws rds reboot-db-instance --db-instance-identifier $P-database", "no template makes"),
    "secret": ("aws secretsmanager rotate-secret --secret-id $P/database/root", "no template makes"),
    "parameter": ("aws ssm get-parameter --name /$NAME/$STAGE/db/host", "no template makes"),
    "document": ("aws ssm start-automation-execution --document-name $P-data-move", "no template makes"),
    "dimension": (
        "aws cloudwatch get-metric-statistics --namespace AWS/RDS --metric-name CPUUtilization --statistics Average "
        "--period 60 --dimensions Name=DBInstanceIdentifier,Value=$P-pg --start-time 2026-11-20T00:00:00Z "
        "--end-time 2026-11-21T00:00:00Z",
        "no template makes",
    ),
    "metric": (
        "metric AWS/RDS FreeStorage Minimum 300 Name=DBInstanceIdentifier,Value=$P-db",
        "AWS/RDS: given FreeStorage; allowed",
    ),
    "name in a parameter that nobody holds against the templates": (
        "aws iam get-role --role-name $P-role",
        "allowed: parameters in tools/runbook/kinds.py",
    ),
    "option of aws logs tail": (
        "aws logs tail /aws/rds/instance/$P-db/postgresql --last 5m",
        "Unknown options: --last",
    ),
    "time of aws logs tail": ("aws logs tail /aws/rds/instance/$P-db/postgresql --since 15min", "--since: given 15min"),
    "waiter": ("aws rds wait db-instance-ready --db-instance-identifier $P-db", "Invalid choice"),
    "variable": ("aws ssm start-session --target $INSTANCE", "INSTANCE: unbound variable"),
    "quote": ("aws rds describe-db-instances --query 'DBInstances[]", "unexpected EOF"),
    "placeholder": ("aws secretsmanager rotate-secret --secret-id $P/<secret>", "syntax error"),
    "date": ("date -u -d 'three hours ago yesterdayish'", "invalid date"),
    "text tool's option": ("date | head --first 1", "unrecognized option"),
    "program": ("terraform plan", "terraform: command not found"),
    "program by its path": ("/usr/bin/rm -rf x", "given a program by its path"),
    "kubectl's verb": ("kubectl gets pods", "given gets"),
    "kubectl's option": ("kubectl get pods --sorted-by=cpu", "unknown flag: --sorted-by"),
    "kubectl's kind": ("kubectl -n tiketi get podz", "given podz"),
    "kubectl's value": ("kubectl logs deploy/auth --tail=many", "invalid argument"),
    "helm's option": ("helm list --namespaces platform", "unknown flag"),
    "cdk's command": ("cdk apply -c stage=prod DataStack", "given cdk apply"),
    "cdk's option": ("cdk deploy -c stage=prod --yes-really DataStack", "given --yes-really"),
    "cdk's stack": ("cdk deploy -c stage=prod DatabaseStack", "given DatabaseStack"),
    "cdk without a stage": ("cdk deploy DataStack", "given no stage"),
    "setting": ("cdk deploy -c stage=prod -c database.storage=200 DataStack", "database.storage"),
    "setting's value": ("cdk deploy -c stage=prod -c database.backup_days=many DataStack", "database.backup_days"),
    "target of make": ("make migrate DUMP=x", "No rule to make target"),
    "variable of make": ("make migrate-data DUMPS=x", "given DUMPS"),
    "delivery's command": ("python -m delivery back --stage prod", "invalid choice"),
    "delivery's option": ("python -m delivery rollback --stages prod", "unrecognized arguments"),
    "preflight's option": ("python -m preflight --stages prod", "unrecognized arguments"),
    "module's option": ("python -m tools.reachability auth database:5432 --staging", "unrecognized arguments"),
    "module": ("python -m tools.nothing", "allowed: a module of the project"),
    "option of another program": ("psql --hostname=x", "given --hostname"),
}


@pytest.mark.parametrize("why", GOOD)
def test_accepts(why: str, aws: AwsCli, names: Names, tmp_path: Path) -> None:
    assert _faults(GOOD[why], aws, names, tmp_path) == []


@pytest.mark.parametrize("why", BAD)
def test_refuses(why: str, aws: AwsCli, names: Names, tmp_path: Path) -> None:
    command, expected = BAD[why]
    faults = _faults(command, aws, names, tmp_path)
    assert [fault for fault in faults if expected in fault], faults


def test_the_templates_are_synthesized_anyway() -> None:
    assert [each for each in CONFIGURATIONS if each not in MATRIX.values()] == []


def test_says_where(aws: AwsCli, names: Names, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# A page\n\nFirst `aws rds describe-db-instances`, then\n\n```sh\ntrue\naws rds describe\n```\n")
    (fault,) = rehearse(Page(page), Programs(aws, Held(names)), before=first_lines())
    assert (Path(fault.page).name, fault.line) == ("page.md", 6)


def test_goes_on_after_a_bad_command(aws: AwsCli, names: Names, tmp_path: Path) -> None:
    faults = _faults("aws rds one\naws rds two", aws, names, tmp_path)
    assert len(faults) == 2


def _faults(command: str, aws: AwsCli, names: Names, folder: Path) -> list[str]:
    page = folder / "page.md"
    page.write_text(f"# A page\n\n```sh\n{command}\n```\n", encoding="utf-8")
    return [fault.why for fault in rehearse(Page(page), Programs(aws, Held(names)), before=first_lines())]

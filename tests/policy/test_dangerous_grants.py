"""IAM-15 to 18: what no role may end, how secrets are read, what starts programs, to whom keys are lent."""

from typing import Any

from tests.policy.support import Case, bad, each, good, resource

_RDS = "arn:aws:rds:ap-northeast-2:123456789012:db"
_SECRETS = "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret"
_SSM = "arn:aws:ssm:ap-northeast-2:123456789012"
_ALARMS = "arn:aws:cloudwatch:ap-northeast-2:123456789012:alarm:cloudmart-prod-*"
_OTHERS = {
    "Database": resource("AWS::RDS::DBInstance", {"DBInstanceIdentifier": "cloudmart-prod-db"}),
    "Queue": resource("AWS::SQS::Queue"),
}


def _role(action: Any, on: Any, effect: str = "Allow", condition: Any = None) -> dict[str, Any]:
    statement = {"Effect": effect, "Action": action, "Resource": on, **({"Condition": condition} if condition else {})}
    policies = [{"PolicyName": "P", "PolicyDocument": {"Statement": [statement]}}]
    return {"R": resource("AWS::IAM::Role", {"Policies": policies}), **_OTHERS}


def _ends(name: str, *grant: Any, says: str = "") -> Case:
    return bad("IAM-15", name, _role(*grant), says=says)


def _spares(name: str, *grant: Any) -> Case:
    return good("IAM-15", name, _role(*grant))


def _lends(name: str, condition: Any, *, finds: bool = True) -> Case:
    return (bad if finds else good)("IAM-18", name, _role("kms:CreateGrant", {"Ref": "Key"}, condition=condition))


def _number_of(arn: str) -> dict[str, list[Any]]:
    return {"Fn::Join": ["", ["arn:aws:rds:ap-northeast-2:", {"Ref": "AWS::AccountId"}, f":db:{arn}"]]}


CASES = (
    _ends("the database by its name", "rds:DeleteDBInstance", f"{_RDS}:cloudmart-prod-db", says="cloudmart-prod-db"),
    _ends("the database, in an account that is not known", "rds:DeleteDBInstance", _number_of("cloudmart-prod-db")),
    _ends("RDS lowers names", "rds:DeleteDBInstance", f"{_RDS}:CloudMart-prod-db"),
    _ends("the database by reference", "rds:ModifyDBInstance", {"Fn::GetAtt": ["Database", "DBInstanceArn"]}),
    _ends("the database in an ARN", "rds:ModifyDBInstance", {"Fn::Sub": f"{_RDS}:${{Database}}"}),
    _ends("the original beside its copy", "rds:Delete*", [f"{_RDS}:cloudmart-prod-drill", f"{_RDS}:cloudmart-prod-db"]),
    _ends("all of a prefix", "rds:DeleteDBInstance", f"{_RDS}:cloudmart-prod-*"),
    _ends("a backup", ["backup:ListRecoveryPointsByBackupVault", "backup:DeleteRecoveryPoint"], "*"),
    _ends("alarms", "cloudwatch:DisableAlarmActions", _ALARMS),
    _ends("a queue's messages", "sqs:PurgeQueue", {"Fn::GetAtt": ["Queue", "Arn"]}),
    _ends("the trail", "cloudtrail:StopLogging", "arn:aws:cloudtrail:ap-northeast-2:123456789012:trail/*"),
    _spares("a copy by its name", "rds:DeleteDBInstance", f"{_RDS}:cloudmart-prod-drill"),
    _spares("a copy, in an account that is not known", "rds:DeleteDBInstance", _number_of("cloudmart-prod-drill")),
    _spares("descriptions", ["rds:DescribeDBInstances", "cloudwatch:DescribeAlarms"], "*"),
    _spares("a stop and a start", ["rds:StopDBInstance", "rds:StartDBInstance"], f"{_RDS}:cloudmart-prod-db"),
    _spares("what is denied", "rds:DeleteDBInstance", "*", "Deny"),
    bad("IAM-16", "all secrets of a stage", _role("secretsmanager:GetSecretValue", f"{_SECRETS}:cloudmart-prod/*")),
    bad("IAM-16", "all secrets", _role("secretsmanager:Get*", "*")),
    bad("IAM-16", "a shorter pattern", _role("secretsmanager:GetSecretValue", f"{_SECRETS}:cloudmart-prod/app-*")),
    bad("IAM-16", "new values of any", _role("secretsmanager:PutSecretValue", f"{_SECRETS}:x/*-??????")),
    good("IAM-16", "a whole name", _role("secretsmanager:GetSecretValue", f"{_SECRETS}:cloudmart-prod/app-??????")),
    good("IAM-16", "a reference", _role("secretsmanager:GetSecretValue", {"Ref": "Secret"})),
    good("IAM-16", "a list of names", _role("secretsmanager:ListSecrets", "*")),
    bad("IAM-17", "any document", _role("ssm:StartAutomationExecution", f"{_SSM}:document/*")),
    bad("IAM-17", "any version of any", _role("ssm:StartAuto*", f"{_SSM}:automation-definition/*:$DEFAULT")),
    bad("IAM-17", "a prefix", _role("ssm:StartAutomationExecution", [f"{_SSM}:document/cloudmart-*"])),
    bad("IAM-17", "everything", _role("ssm:StartAutomationExecution", "*")),
    good(
        "IAM-17",
        "one document, and its executions",
        _role(
            "ssm:StartAutomationExecution",
            [
                f"{_SSM}:document/cloudmart-prod-restore-drill",
                f"{_SSM}:automation-definition/cloudmart-prod-restore-drill:$DEFAULT",
                f"{_SSM}:automation-execution/*",
            ],
        ),
    ),
    good("IAM-17", "a look at executions", _role("ssm:GetAutomationExecution", "*")),
    _lends("a service of AWS", {"Bool": {"kms:GrantIsForAWSResource": "true"}}, finds=False),
    _lends("anybody", None),
    _lends("anybody, by way of a service", {"StringEquals": {"kms:ViaService": "rds.ap-northeast-2.amazonaws.com"}}),
    _lends("anybody but services", {"Bool": {"kms:GrantIsForAWSResource": "false"}}),
    _lends("whoever says nothing", {"BoolIfExists": {"kms:GrantIsForAWSResource": "true"}}),
    good("IAM-18", "a look at a key", _role("kms:DescribeKey", {"Ref": "Key"})),
)


@each(CASES)
def test_case(case: Case) -> None:
    case.check()

"""Family REF: what a resource refers to is there, is this app's, and is what it was made for."""

from collections.abc import Iterator
from typing import Any

from cloudmart_cdk.policy.families import references
from cloudmart_cdk.policy.families.references import REFERENCES, TRUSTED
from tests.policy.support import Case, bad, deployment, each, found, good, resource

_ROLE, _FUNCTION = "AWS::IAM::Role", "AWS::Lambda::Function"
_LB = "AWS::ElasticLoadBalancingV2"
_THING = "AWS::New::Thing"
_STRANGER = "arn:aws:iam::999999999999:role/Stranger"


def _ref(name: str) -> dict[str, str]:
    return {"Ref": name}


def _thing(value: Any, **more: Any) -> dict[str, Any]:
    return {"It": resource(_THING, {"Value": value}, **more)}


def _output(name: str, stack: str = "cloudmart-lab-DataStack") -> dict[str, Any]:
    return {"Fn::GetStackOutput": {"StackName": stack, "OutputName": name}}


_NO_PARAMETERS: dict[str, Any] = {"template": {"Parameters": {}}}
_QUEUE = resource("AWS::SQS::Queue")


def _leads(name: str, value: Any, *, finds: bool, says: str = "", **more: Any) -> Case:
    """`Queue` is there, `Gone` is neither a resource nor a parameter."""
    resources = {**_thing(value, **more), "Queue": _QUEUE}
    if finds:
        return bad("REF-1", name, resources, says=says, **_NO_PARAMETERS)
    return good("REF-1", name, resources, **_NO_PARAMETERS)


_LEADS = (
    _leads("a resource", _ref("Queue"), finds=False),
    _leads("an attribute", {"Fn::GetAtt": ["Queue", "Arn"]}, finds=False),
    _leads("a resource in a text", {"Fn::Sub": "${Queue.Arn}/*"}, finds=False),
    _leads("a pseudo parameter", {"Fn::Sub": "${AWS::StackId} ${AWS::Region}"}, finds=False),
    _leads("a variable of a shell", {"Fn::Sub": "echo ${!HOME} ${!a.b}"}, finds=False),
    _leads("a dependency", 1, finds=False, DependsOn="Queue"),
    good("REF-1", "a parameter", _thing(_ref("Name"))),
    _leads("nothing", _ref("Gone"), finds=True, says="Value is ${DataStack.Gone}, which is not there"),
    _leads("an attribute of nothing", {"Fn::GetAtt": "Gone.Arn"}, finds=True, says="${DataStack.Gone.Arn}"),
    _leads("an attribute of no name", {"Fn::GetAtt": ""}, finds=True),
    _leads("nothing, deep inside", [{"A": [{"B": _ref("Gone")}]}], finds=True, says="Value.0.A.0.B"),
    _leads("nothing, in a joined text", {"Fn::Join": ["", ["a", _ref("Gone")]]}, finds=True),
    _leads("nothing, in a substituted text", {"Fn::Sub": "a${Gone.Arn}"}, finds=True),
    _leads("nothing, beside something", {"Fn::Sub": "${Queue} ${Gone}"}, finds=True, says="${DataStack.Gone}"),
    _leads("a dependency on nothing", 1, finds=True, says="Gone, which is not there", DependsOn=["Queue", "Gone"]),
    _leads("a dependency that is none", 1, finds=True, DependsOn=None),
    _leads("an import of nothing", {"Fn::ImportValue": "gone"}, finds=True, says="${Fn::ImportValue}"),
    _leads("an import of nothing, in a text", {"Fn::Sub": ["a${b}", {"b": {"Fn::ImportValue": "gone"}}]}, finds=True),
    _leads("an output of nobody", _output("X", "elsewhere"), finds=True, says="${Fn::GetStackOutput}"),
    _leads("an output that is not there", _output("Gone"), finds=True),
    bad(
        "REF-1",
        "an output that refers to nothing",
        {"Queue": _QUEUE},
        template={"Outputs": {"X": {"Value": _ref("Gone")}}, "Parameters": {}},
        says="DataStack (AWS::CloudFormation::Template, DataStack): Outputs.X.Value is ${DataStack.Gone}",
    ),
    good(
        "REF-1",
        "an output of another stack",
        {"Queue": _QUEUE},
        template={"Outputs": {"X": {"Value": _ref("Queue")}}},
        also={"VpcStack": _thing(_output("X"))},
    ),
    bad(
        "REF-1",
        "an output of another stack that refers to nothing",
        {},
        template={"Outputs": {"X": {"Value": _ref("Gone")}}},
        also={"VpcStack": _thing(_output("X"))},
        says="VpcStack/It",
    ),
)


def _holding(path: str, value: Any) -> dict[str, Any]:
    """Properties with a value at a dotted path; `[]` stands for a list of one."""
    name, _, rest = path.partition(".")
    inner = _holding(rest, value) if rest else value
    return {name.removesuffix("[]"): [inner] if name.endswith("[]") else inner}


def _complete(type_: str, properties: Any = None) -> dict[str, Any]:
    """A resource with every reference that it has to have."""
    needed: dict[str, Any] = {"ServiceToken": _ref(_name(_FUNCTION))} if type_.startswith("Custom::") else {}
    for other, path, target, must in REFERENCES:
        if other == type_ and must:
            _merge(needed, _holding(path, _ref(_name(target))))
    return resource(type_, _merge(needed, properties or {}))


def _referring(type_: str, path: str, value: Any) -> dict[str, Any]:
    """A complete resource that has a certain value in one place, and all that such a one may refer to."""
    return {**_TARGETS, "It": _complete(type_, _holding(path, value))}


def _merge(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    for key, value in other.items():
        match one.get(key), value:
            case dict() as mine, dict():
                _merge(mine, value)
            case [dict() as mine], [dict() as theirs]:
                _merge(mine, theirs)
            case _:
                one[key] = value
    return one


def _name(type_: str) -> str:
    return f"A{type_.replace('::', '')}"


_TARGETS: dict[str, Any] = {_name(type_): _complete(type_ or _THING) for type_ in {row[2] for row in REFERENCES}}


def _table() -> Iterator[Case]:
    """Each row: a reference to what it must be, and to anything else. Findings on `It` are those that count."""
    for type_, path, target, needed in REFERENCES:
        name = f"{type_.removeprefix('AWS::')} {path}"
        right = _ref(_name(target))
        yield good("REF-2", name, _referring(type_, path, right))
        for words, value in (
            ("from elsewhere", "somebody-s-own"),
            ("from a parameter", _ref("Name")),
            ("that goes on after it", {"Fn::Join": ["", [right, "-of-somebody-else"]]}),
            *((("of another type", _ref("Other")),) if target else ()),
            *((("that is not there", _ref("AWS::NoValue")),) if needed else ()),
        ):
            resources = {**_referring(type_, path, value), "Other": resource(_THING)}
            yield bad("REF-2", f"{name} {words}", resources, says=f"DataStack/It ({type_}")
        if not needed:
            yield good("REF-2", f"{name} not set", _referring(type_, path, _ref("AWS::NoValue")))


def _policies(*arns: Any) -> dict[str, Any]:
    return {"R": resource(_ROLE, {"ManagedPolicyArns": list(arns)})}


def _replica(source: Any) -> dict[str, Any]:
    database = resource("AWS::RDS::DBInstance")
    return {"D": database, "It": resource("AWS::RDS::DBInstance", {"SourceDBInstanceIdentifier": source})}


_SOURCE = {"Fn::Sub": "arn:aws:rds:x:${AWS::AccountId}:db:${D}"}


def _starts(document: str, *, account: str = "${AWS::AccountId}", region: str = "ap-northeast-2") -> dict[str, Any]:
    arn = {"Fn::Sub": f"arn:aws:ssm:{region}:{account}:automation-definition/{document}"}
    rule = resource("AWS::Events::Rule", {"Targets": [{"Arn": arn, "RoleArn": _ref("Role"), "Id": "x"}]})
    return {"It": rule, "Role": resource(_ROLE), "D": resource("AWS::SSM::Document", {"Name": "release-auth"})}


def _custom(token: Any) -> dict[str, Any]:
    return {"C": resource("Custom::Any", {"ServiceToken": token})}


_ELSEWHERE = (
    *_table(),
    good("REF-2", "AWS's managed policy", _policies({"Fn::Sub": "arn:${AWS::Partition}:iam::aws:policy/X"})),
    good("REF-2", "our managed policy", {**_policies(_ref("P")), "P": resource("AWS::IAM::ManagedPolicy")}),
    bad("REF-2", "somebody's managed policy", _policies("arn:aws:iam::123456789012:policy/X"), says="policy/X"),
    bad("REF-2", "a managed policy from a parameter", _policies(_ref("Policy"))),
    bad("REF-2", "a second one", _policies("arn:aws:iam::aws:policy/X", "Y"), says="ManagedPolicyArns.1"),
    good("REF-2", "a replica, its source by an ARN", _replica(_SOURCE)),
    good("REF-2", "a replica of a stated account", _replica(_SOURCE), account="123456789012"),
    bad("REF-2", "a replica of another account's", _replica({"Fn::Sub": "arn:aws:rds:x:999999999999:db:${D}"})),
    bad("REF-2", "a replica of what is no database", _replica({"Fn::Sub": "arn:aws:rds:x:${AWS::AccountId}:db:d"})),
    good("REF-2", "our document, by its name", _starts("release-auth")),
    good("REF-2", "our document's default version", _starts("release-auth:$DEFAULT")),
    bad("REF-2", "a document's version of long ago", _starts("release-auth:3"), says="Targets.0.Arn"),
    bad("REF-2", "a document of another region", _starts("release-auth", region="us-east-1"), says="Targets.0.Arn"),
    bad("REF-2", "a document of nobody here", _starts("release-event"), says="Targets.0.Arn"),
    bad("REF-2", "AWS's document", _starts("AWS-RunShellScript")),
    bad("REF-2", "a document of another account", _starts("release-auth", account="999999999999")),
    good("REF-2", "a custom resource of our function", {**_TARGETS, **_custom(_ref(_name(_FUNCTION)))}),
    bad("REF-2", "somebody's custom resource", _custom(_STRANGER), says=f"ServiceToken is {_STRANGER}"),
    bad("REF-2", "a custom resource by a topic", {**_custom(_ref("T")), "T": resource("AWS::SNS::Topic")}),
    bad("REF-2", "a custom resource without a token", _custom(_ref("AWS::NoValue")), says="ServiceToken is not set"),
)


def _action(**action: Any) -> dict[str, Any]:
    return {
        "L": resource(f"{_LB}::Listener", {"DefaultActions": [action]}),
        "G": resource(f"{_LB}::TargetGroup"),
        "H": resource(f"{_LB}::TargetGroup"),
    }


def _forward(*groups: Any) -> dict[str, Any]:
    entries = [{"TargetGroupArn": group, "Weight": 1} for group in groups]
    return _action(Type="forward", ForwardConfig={"TargetGroups": entries})


_TO_X = {"Type": "forward", "TargetGroupArn": "arn:x"}
_FORWARDS = (
    good("REF-3", "one target group", _action(Type="forward", TargetGroupArn=_ref("G"))),
    good("REF-3", "two, weighted", _forward(_ref("G"), _ref("H"))),
    good("REF-3", "an answer", _action(Type="fixed-response")),
    good("REF-3", "a redirect", _action(Type="redirect", RedirectConfig={"Protocol": "HTTPS"})),
    good("REF-3", "nothing yet", {"L": resource(f"{_LB}::Listener")}),
    bad("REF-3", "a group from elsewhere", _action(Type="forward", TargetGroupArn="arn:x"), says="arn:x"),
    bad("REF-3", "a listener for a group", _action(Type="forward", TargetGroupArn=_ref("L"))),
    bad("REF-3", "a second one from elsewhere", _forward(_ref("G"), "arn:x")),
    bad("REF-3", "one from a parameter", _forward(_ref("Group"))),
    bad("REF-3", "no group", _action(Type="forward"), says="not set; allowed: a target group of this app"),
    bad("REF-3", "somebody who signs people in", _action(Type="authenticate-oidc"), says="authenticate-oidc"),
    bad("REF-3", "actions from a parameter", {"L": resource(f"{_LB}::Listener", {"DefaultActions": _ref("Actions")})}),
    bad("REF-3", "a type from a parameter", _action(Type=_ref("Type"))),
    bad("REF-3", "a rule's action", {"R": resource(f"{_LB}::ListenerRule", {"Actions": [_TO_X]})}, says="Actions.0"),
)


def _trusting(type_: str, path: str, *statements: dict[str, Any]) -> dict[str, Any]:
    role = resource(_ROLE, {"AssumeRolePolicyDocument": {"Statement": list(statements)}})
    return {"It": resource(type_, _holding(path, {"Fn::GetAtt": ["Role", "Arn"]})), "Role": role}


def _trust(*services: str, effect: str = "Allow") -> dict[str, Any]:
    return {"Effect": effect, "Principal": {"Service": list(services)}, "Action": "sts:AssumeRole"}


def _trusts() -> Iterator[Case]:
    """Each row: a role that trusts its service, and one that trusts another."""
    for type_, path, service in TRUSTED:
        name = f"{type_.removeprefix('AWS::')} {path}"
        yield good("REF-4", name, _trusting(type_, path, _trust(service)))
        given = _trusting(type_, path, _trust("macie.amazonaws.com"))
        says = f"DataStack/Role, which trusts macie.amazonaws.com; allowed: a role that trusts {service}"
        yield bad("REF-4", f"{name} of another service", given, says=says)


_AS_LAMBDA = (_FUNCTION, "Role")
_HANDED = (
    *_trusts(),
    good("REF-4", "two statements", _trusting(*_AS_LAMBDA, _trust("x.amazonaws.com"), _trust("lambda.amazonaws.com"))),
    good("REF-4", "one service of two", _trusting(*_AS_LAMBDA, _trust("x.amazonaws.com", "lambda.amazonaws.com"))),
    bad("REF-4", "a service that is denied", _trusting(*_AS_LAMBDA, _trust("lambda.amazonaws.com", effect="Deny"))),
    bad("REF-4", "a role", _trusting(*_AS_LAMBDA, {"Effect": "Allow", "Principal": {"AWS": "x"}}), says="no service"),
    bad("REF-4", "everybody", _trusting(*_AS_LAMBDA, {"Effect": "Allow", "Principal": "*"})),
    bad("REF-4", "no trust at all", _trusting(*_AS_LAMBDA)),
)

CASES = (*_LEADS, *_ELSEWHERE, *_FORWARDS, *_HANDED)


@each(CASES)
def test_case(case: Case) -> None:
    case.check()


def test_a_reference_from_elsewhere_says_what_it_must_be() -> None:
    app = deployment(_referring("AWS::EKS::Cluster", "RoleArn", _STRANGER))
    (finding,) = found(app, "REF-2")
    assert finding.text == (
        "DataStack/It (AWS::EKS::Cluster, DataStack): RoleArn is arn:aws:iam::999999999999:role/Stranger; "
        "allowed: a reference to an AWS::IAM::Role of this app"
    )


def test_nothing_here_can_be_acknowledged() -> None:
    assert not [rule.id for rule in references.RULES if rule.acknowledgeable]


def test_the_tables_are_sorted() -> None:
    assert list(REFERENCES) == sorted(REFERENCES, key=lambda row: (row[0], row[1]))
    assert list(TRUSTED) == sorted(TRUSTED)

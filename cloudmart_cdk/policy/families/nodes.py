"""EKS, continued: nodes, add-ons and the roles of pods. IMDS: what a server tells about itself.

Owns managed nodes and add-ons, and instance metadata and user data of every server of the app, nodes or not. Disks are
EC2's rows of `at_rest`, key pairs and subnets NET's, security groups SG's.
"""

from collections.abc import Iterator
from typing import Final

from ..manifests import secrets_in, value_at
from ..model import MISSING, Deployment, Pointer, Resource, as_list, parsed
from ..rule import ABSENT, YES, Check, Found, Row, Rule, Test, equal, one_of, optional, reference, rule_of, shown

_CLUSTER: Final = "AWS::EKS::Cluster"
_NODES: Final = "AWS::EKS::Nodegroup"
_ADDON: Final = "AWS::EKS::Addon"
_TEMPLATE: Final = "AWS::EC2::LaunchTemplate"
_ROLE: Final = reference("AWS::IAM::Role")
_CIS: Final = "CIS Amazon EKS 1.7"
_SPEC: Final = "specification section 6"
_CALLS_AWS: Final = ("vpc-cni", "aws-ebs-csi-driver", "amazon-cloudwatch-observability")
"""Add-ons that need rights of their own."""


def _has_role(addon: Resource, _: Deployment) -> bool:
    return addon.get("AddonName") in _CALLS_AWS or "PodIdentityAssociations" in addon.properties


_ROWS: Final = (
    Row(
        "EKS-19",
        _NODES,
        "AmiType",
        one_of("AL2023_x86_64_STANDARD", "AL2023_ARM_64_STANDARD"),
        f"{_SPEC}: AL2023, in AWS's own build. AL2 gets no more updates; an image of our own (CUSTOM) nobody patches.",
        "ami_type=AL2023_...; no image id in the launch template",
    ),
    Row(
        "EKS-20",
        _NODES,
        "RemoteAccess",
        ABSENT,
        "Specification section 2: no SSH anywhere. EKS makes a security group for it that is open to the world unless "
        "told otherwise.",
        "remove remote_access; use aws ssm start-session",
        acknowledgeable=False,
    ),
    Row(
        "EKS-21",
        _NODES,
        "NodeRole",
        _ROLE,
        "What a process on the node may do in AWS (EKS guide, node role): IAM's rules have to see it.",
        "pass the role",
    ),
    Row(
        "EKS-22",
        _NODES,
        "Version",
        lambda settings: optional(equal(settings.eks.version)),
        "Security Hub EKS.2: nodes age with their cluster. Not set is well: EKS takes the cluster's.",
        "pass the stage's eks.version",
    ),
    Row(
        "EKS-23",
        _ADDON,
        "PodIdentityAssociations[].RoleArn",
        _ROLE,
        f"{_CIS} 5.2.1; EKS best practices, Identity and Access Management: one role a service account. Without it the "
        "add-on's pods would need the node's role, which all pods of the node share.",
        "pass identity= in constructs/addons.py",
        _has_role,
    ),
    Row(
        "EKS-24",
        _ADDON,
        "ServiceAccountRoleArn",
        optional(_ROLE),
        f"{_CIS} 5.2.1. A role from elsewhere nobody here has checked.",
        "use a Pod Identity association with a role of this app",
    ),
    Row(
        "EKS-25",
        "AWS::EKS::PodIdentityAssociation",
        "RoleArn",
        _ROLE,
        f"{_CIS} 5.2.1. A role from elsewhere nobody here has checked.",
        "pass a role of constructs/pod_identity.py",
    ),
)


def _fargate(app: Deployment) -> Iterator[Found]:
    for profile in app.of("AWS::EKS::FargateProfile"):
        yield Found(profile, "there", "managed node groups")


def _templates_by_reference(app: Deployment) -> Iterator[Found]:
    for nodes in app.of(_NODES):
        template = app.target(nodes.get("LaunchTemplate.Id"), _TEMPLATE)
        if template is None:
            allowed = "a reference to a launch template of this app"
            yield Found(nodes, shown(nodes.get("LaunchTemplate.Id")), allowed, "LaunchTemplate.Id")
        elif nodes.get("LaunchTemplate.Version") != Pointer(template.stack, template.logical_id, "LatestVersionNumber"):
            allowed = "its latest version by reference: another is not what stands in the template"
            yield Found(nodes, shown(nodes.get("LaunchTemplate.Version")), allowed, "LaunchTemplate.Version")


def _pinned_addons(app: Deployment) -> Iterator[Found]:
    versions: dict[str, str] = dict(app.settings.eks.addons.items())
    for addon in app.of(_ADDON):
        name = addon.get("AddonName")
        version = versions.get(name) if isinstance(name, str) else None
        if version is None:
            yield Found(addon, shown(name), f"an add-on of eks.addons: {', '.join(versions)}", "AddonName")
        elif addon.get("AddonVersion") != version:
            yield Found(addon, shown(addon.get("AddonVersion")), f"{version}, as eks.addons says", "AddonVersion")


def _network_policies_on(app: Deployment) -> Iterator[Found]:
    allowed = 'a vpc-cni add-on with enableNetworkPolicy "true"'
    served = set()
    for addon in app.of(_ADDON):
        if addon.get("AddonName") != "vpc-cni":
            continue
        cluster = app.target(addon.get("ClusterName"), _CLUSTER)
        served.add(cluster.path if cluster else "")
        given = value_at(parsed(addon.get("ConfigurationValues")), "enableNetworkPolicy")
        if not YES.passes(given, app):
            yield Found(addon, shown(given), allowed, "ConfigurationValues: enableNetworkPolicy")
    for cluster in app.of(_CLUSTER):
        if cluster.path not in served:
            yield Found(cluster, "without one", allowed)


_SESSION: Final = ("eks-cluster-arn", "kubernetes-namespace", "kubernetes-service-account")


def _pod_roles_bound(app: Deployment) -> Iterator[Found]:
    for role in app.of("AWS::IAM::Role"):
        for number, statement in enumerate(role.items("AssumeRolePolicyDocument.Statement")):
            services = as_list(value_at(statement, "Principal.Service"))
            if "pods.eks.amazonaws.com" not in services or statement.get("Effect") == "Deny":
                continue
            equals = value_at(statement, "Condition.StringEquals")
            for tag in _SESSION:
                value = value_at(equals, f"aws:RequestTag/{tag}")
                bound = (
                    app.target(value, _CLUSTER) if tag == _SESSION[0] else isinstance(value, str) and "$" not in value
                )
                if not bound:
                    where = f"AssumeRolePolicyDocument.Statement.{number}.Condition.StringEquals.aws:RequestTag/{tag}"
                    allowed = "one cluster of this app, one namespace and one service account, each by its session tag"
                    yield Found(role, shown(value), allowed, where, tag)


_METADATA: Final = {
    _TEMPLATE: "LaunchTemplateData.",
    "AWS::EC2::Instance": "",
    "AWS::AutoScaling::LaunchConfiguration": "",
}
"""Type of what starts servers -> where its metadata options and user data stand."""


def _metadata(option: str, test: Test) -> Check:
    def check(app: Deployment) -> Iterator[Found]:
        for type_, prefix in _METADATA.items():
            for server in app.of(type_):
                path = f"{prefix}MetadataOptions.{option}"
                given = server.get(path)
                template = app.target(server.get("LaunchTemplate.LaunchTemplateId"), _TEMPLATE)
                if template and given is MISSING:
                    continue  # an instance has its template's options, and that template is checked itself
                if not test.passes(given, app):
                    yield Found(server, shown(given), test.allows, path)

    return check


def _user_data(app: Deployment) -> Iterator[Found]:
    for type_, prefix in _METADATA.items():
        for server in app.of(type_):
            text = server.get(f"{prefix}UserData")
            names = list(secrets_in(text)) if isinstance(text, str) else ["text that is not known at synth"]
            for name in names if text is not MISSING else ():
                yield Found(server, f"with {name}", "names of secrets, never their values", f"{prefix}UserData", name)


RULES: Final = (
    *map(rule_of, _ROWS),
    Rule(
        "EKS-26",
        "No Fargate profile",
        "Pods on Fargate carry EKS's cluster group, not the nodes' row of the security-group table, and no add-on "
        f"watches them ({_SPEC}: managed node groups).",
        "run the pods on a node group",
        _fargate,
    ),
    Rule(
        "EKS-27",
        "Node groups use the latest version of a launch template of this app",
        "Its disks, groups and metadata options are then the ones that the other rules read; EKS's own template has a "
        "hop limit of 2 (EKS guide).",
        "launch_template with id and attr_latest_version_number of the template",
        _templates_by_reference,
    ),
    Rule(
        "EKS-28",
        "Add-ons are those of the settings, at the versions pinned there",
        f"{_SPEC}: add-ons at pinned versions. Not set, it is EKS's default of that day.",
        "state the version in eks.addons",
        _pinned_addons,
    ),
    Rule(
        "EKS-29",
        "The cluster enforces network policies",
        f"{_CIS} 4.3.1, 5.4.4; {_SPEC}. Without it a NetworkPolicy is a record that nobody reads.",
        "the vpc-cni add-on with enableNetworkPolicy, as in constructs/addons.py",
        _network_policies_on,
        acknowledgeable=False,
    ),
    Rule(
        "EKS-30",
        "A role of pods is bound to one cluster, one namespace and one service account",
        "EKS guide, 'Create IAM role with trust policy required by EKS Pod Identity'. Otherwise whoever may associate "
        "roles in any cluster of the account may have this one.",
        "make the role with constructs/pod_identity.py",
        _pod_roles_bound,
    ),
    Rule(
        "IMDS-1",
        "Servers give out metadata against a token only (IMDSv2)",
        "Security Hub EC2.8, EC2.170, AutoScaling.3; CIS AWS Foundations 5.7. Without a token a forged request is "
        "enough to fetch the server's credentials.",
        'metadata_options with http_tokens="required"',
        _metadata("HttpTokens", equal("required")),
        acknowledgeable=False,
    ),
    Rule(
        "IMDS-2",
        "Metadata stays on the server: hop limit 1, stated",
        "EKS best practices, Identity and Access Management: pods are one hop further, and so are out of reach of the "
        "server's credentials. Not stated, the image decides, and Amazon Linux 2023 says 2 (EC2 guide).",
        "metadata_options with http_put_response_hop_limit=1",
        _metadata("HttpPutResponseHopLimit", equal(1)),
        acknowledgeable=False,
    ),
    Rule(
        "IMDS-3",
        "User data holds no secret",
        "EC2 guide, 'Run commands at launch'; specification section 3. Every process of the server reads user data, "
        "and so does whoever may describe the server.",
        "write the secret's name into it, and read the value at start",
        _user_data,
    ),
)

"""EKS: the control plane, and who gets in. cdk-nag does not see clusters of `aws_eks_v2`.

Owns the cluster and its access entries; nodes and add-ons are `nodes`, what runs on them `workloads` and `kubernetes`.
Subnets are NET's, security groups SG's, roles IAM's.
"""

import re
from collections.abc import Iterator, Mapping
from ipaddress import ip_network
from typing import Any, Final

from ...settings import Settings, catalogue
from ...settings.topology import EKS
from ..manifests import CHART, MANIFEST, PATCH, of_kind, value_at
from ..model import MISSING, Deployment, Pointer, Resource, as_list
from ..rule import KEY, NO, YES, Found, Row, Rule, Test, equal, one_of, optional, rule_of, shown

_CLUSTER: Final = "AWS::EKS::Cluster"
_ENTRY: Final = "AWS::EKS::AccessEntry"
_KUBECTL_ROLE: Final = f"{EKS}/Control/Cluster/KubectlProvider/Handler/ServiceRole/Resource"
"""The function that applies manifests and charts at deploy time: known by where CDK makes it for our cluster."""
_KUBECTL: Final = f"{EKS}/Control/Cluster/KubectlProvider/Provider/framework-onEvent/Resource"
"""The function that CloudFormation calls, which hands on to that one."""
_CIS: Final = "CIS Amazon EKS 1.7"
_SPEC: Final = "specification section 6"
_LOGS: Final = frozenset(("api", "audit", "authenticator", "controllerManager", "scheduler"))
_SMALLEST_WORLD: Final = 8
"""A network with a shorter prefix is the internet, in one piece or in two."""


def _all_logs(given: Any, _: Deployment) -> bool:
    return isinstance(given, list) and {str(each.get("Type")) for each in given if isinstance(each, Mapping)} >= _LOGS


def _secrets_encrypted(given: Any, app: Deployment) -> bool:
    return any(
        "secrets" in as_list(each.get("Resources")) and KEY.passes(value_at(each, "Provider.KeyArn"), app)
        for each in as_list(given)
        if isinstance(each, Mapping)
    )


def _public_endpoint(settings: Settings) -> Test:
    if not settings.eks.public_endpoint:
        return Test("false, as eks.public_endpoint of the stage says", NO.passes)
    if not settings.sources:
        return Test("false, since no sources are stated (-c sources=203.0.113.0/24)", NO.passes)
    return Test("true or false", lambda given, app: YES.passes(given, app) or NO.passes(given, app))


def _stated_sources(settings: Settings) -> Test:
    sources = sorted(map(str, settings.sources))
    return Test(
        f"exactly the setting sources: {', '.join(sources) or 'none, and the endpoint private'}",
        lambda given, _: bool(sources) and isinstance(given, list) and sorted(map(str, given)) == sources,
    )


def _not_the_world(given: Any, _: Deployment) -> bool:
    try:
        return bool(given) and all(ip_network(str(each)).prefixlen >= _SMALLEST_WORLD for each in as_list(given))
    except ValueError:
        return False


def _endpoint_open(cluster: Resource, app: Deployment) -> bool:
    return not NO.passes(cluster.get("ResourcesVpcConfig.EndpointPublicAccess"), app)


_ROWS: Final = (
    Row(
        "EKS-1",
        _CLUSTER,
        "Logging.ClusterLogging.EnabledTypes",
        Test(f"all of {', '.join(sorted(_LOGS))}", _all_logs),
        f"Security Hub EKS.8; {_CIS} 2.1.1. Who did what in the cluster stands in the audit log, and nowhere else.",
        "cluster_logging=list(eks.ClusterLoggingTypes)",
    ),
    Row(
        "EKS-2",
        _CLUSTER,
        "EncryptionConfig",
        Test("`secrets` with a KMS key of this app", _secrets_encrypted),
        f"Security Hub EKS.3; {_CIS} 5.3.1. Otherwise EKS uses a key of its own, which nobody here can withdraw.",
        "secrets_encryption_key= on the cluster; it cannot be taken back later",
        acknowledgeable=False,
    ),
    Row(
        "EKS-3",
        _CLUSTER,
        "ResourcesVpcConfig.EndpointPrivateAccess",
        YES,
        f"{_CIS} 5.4.1, 5.4.2. Without it the nodes reach their API server through the internet.",
        "endpoint_access=eks.EndpointAccess.PRIVATE, or PUBLIC_AND_PRIVATE with only_from()",
    ),
    Row(
        "EKS-4",
        _CLUSTER,
        "ResourcesVpcConfig.EndpointPublicAccess",
        _public_endpoint,
        f"Security Hub EKS.1; {_CIS} 5.4.2; {_SPEC}: private in prod, elsewhere public only from stated addresses. EKS "
        "opens it unless told otherwise.",
        "endpoint_access=eks.EndpointAccess.PRIVATE, or state sources in a stage with eks.public_endpoint",
        acknowledgeable=False,
    ),
    Row(
        "EKS-5",
        _CLUSTER,
        "ResourcesVpcConfig.PublicAccessCidrs",
        _stated_sources,
        f"{_CIS} 5.4.1; {_SPEC}. An empty list is 0.0.0.0/0 to EKS.",
        "endpoint_access=eks.EndpointAccess.PUBLIC_AND_PRIVATE.only_from(*sources)",
        _endpoint_open,
        acknowledgeable=False,
    ),
    Row(
        "EKS-6",
        _CLUSTER,
        "ResourcesVpcConfig.PublicAccessCidrs",
        Test(f"networks of /{_SMALLEST_WORLD} or smaller: not the internet", _not_the_world),
        f"Security Hub EKS.1; {_CIS} 5.4.1. Holds whatever the settings say.",
        "state your own address: -c sources=203.0.113.7/32",
        _endpoint_open,
        acknowledgeable=False,
    ),
    Row(
        "EKS-7",
        _CLUSTER,
        "AccessConfig.AuthenticationMode",
        equal("API"),
        f"{_CIS} 4.1.7. Entries of the API are in the template and in CloudTrail; the aws-auth ConfigMap, which "
        "other modes read, is edited in the cluster.",
        "use aws_eks_v2, or set authentication mode API",
    ),
    Row(
        "EKS-8",
        _CLUSTER,
        "AccessConfig.BootstrapClusterCreatorAdminPermissions",
        NO,
        f"{_CIS} 4.1.1; EKS guide, 'Grant IAM users access to Kubernetes with EKS access entries'. Otherwise whoever "
        "deploys first, often CI, is an administrator for good, and no template says so.",
        "bootstrap_cluster_creator_admin_permissions=False",
    ),
    Row(
        "EKS-9",
        _CLUSTER,
        "UpgradePolicy.SupportType",
        equal("STANDARD"),
        f"{_SPEC}. EKS's own choice is extended support, which costs six times as much and keeps old versions.",
        "set upgrade_policy on the L1",
    ),
    Row(
        "EKS-10",
        _CLUSTER,
        "Version",
        one_of(*catalogue.KUBERNETES),
        f"Security Hub EKS.2; {_SPEC}: a version in standard support. Not set, it is EKS's of that day.",
        "take a version of settings/catalogue.py, or bring that table up to date",
    ),
    Row(
        "EKS-11",
        _CLUSTER,
        "DeletionProtection",
        lambda settings: YES if settings.deletion_protection else optional(NO),
        "Specification section 1: protected in prod, gone at once in lab; the stage's deletion_protection.",
        "pass the stage's deletion_protection",
    ),
    Row(
        "EKS-12",
        _CLUSTER,
        "ComputeConfig.Enabled",
        optional(NO),
        "Auto Mode makes nodes of its own, with EKS's cluster group instead of the nodes' row of the security-group "
        f"table, and without our launch template ({_SPEC}: managed node groups).",
        "default_capacity_type=eks.DefaultCapacityType.NODEGROUP",
    ),
    Row(
        "EKS-13",
        _CLUSTER,
        "KubernetesNetworkConfig.ElasticLoadBalancing.Enabled",
        optional(NO),
        f"{_SPEC}: one load balancer, owned by the stack. Auto Mode makes others, left over by destroy.",
        "leave Auto Mode off",
    ),
    Row(
        "EKS-14",
        _ENTRY,
        "KubernetesGroups",
        Test("nothing: rights are access policies", lambda given, _: given in (MISSING, [])),
        "EKS best practices, Identity and Access Management. What a group may do stands in the cluster, where no rule "
        "reads it; system:masters is everything and cannot be taken away.",
        "name the principal in eks.admins or eks.developers",
        acknowledgeable=False,
    ),
)

_POLICY: Final = re.compile(r"arn:aws:eks::aws:cluster-access-policy/(\w+)")
_ADMIN: Final = ("AmazonEKSClusterAdminPolicy", "AmazonEKSAdminPolicy")
_VIEW: Final = ("AmazonEKSViewPolicy",)


def _no_aws_auth(app: Deployment) -> Iterator[Found]:
    for config in of_kind(app, "ConfigMap"):
        if config.name == "aws-auth":
            yield config.found("a second way in", "access entries (eks.admins, eks.developers)")


def _only_ours_get_in(app: Deployment) -> Iterator[Found]:
    for entry in app.of(_ENTRY):
        principal = entry.get("PrincipalArn")
        if not _allowed(app, principal):
            allowed = "a principal of eks.admins or eks.developers, or the role of our kubectl function"
            yield Found(entry, shown(principal), allowed, "PrincipalArn", shown(principal))


def _only_their_rights(app: Deployment) -> Iterator[Found]:
    for entry in app.of(_ENTRY):
        names = _allowed(app, entry.get("PrincipalArn"))
        allowed = f"{' or '.join(names) or 'nothing'} for {shown(entry.get('PrincipalArn'))}"
        for where, policy in entry.at("AccessPolicies[].PolicyArn"):
            found = _POLICY.fullmatch(policy) if isinstance(policy, str) else None
            if "AccessPolicies" in entry.properties and (not found or found[1] not in names):
                yield Found(entry, shown(policy), allowed, where, shown(policy))


def _allowed(app: Deployment, principal: Any) -> tuple[str, ...]:
    """Names of the access policies that a principal may have; none for one that is nobody to us."""
    settings, role = app.settings.eks, app.target(principal, "AWS::IAM::Role")
    if role is not None:
        return _ADMIN if role.path == _KUBECTL_ROLE and principal == Pointer(role.stack, role.logical_id, "Arn") else ()
    return (_ADMIN if principal in settings.admins else ()) + (_VIEW if principal in settings.developers else ())


def _identity_providers(app: Deployment) -> Iterator[Found]:
    for provider in app.of("AWS::EKS::IdentityProviderConfig"):
        yield Found(provider, "a second way in", "IAM, by access entries (eks.admins, eks.developers)")


def _by_kubectl(app: Deployment) -> Iterator[Found]:
    for resource in app.of(MANIFEST, PATCH, CHART):
        token = resource.get("ServiceToken")
        function = app.target(token, "AWS::Lambda::Function")
        if (
            function is None
            or function.path != _KUBECTL
            or token != Pointer(function.stack, function.logical_id, "Arn")
        ):
            yield Found(resource, shown(token), f"the function {_KUBECTL}", "ServiceToken")
        if app.target(resource.get("ClusterName"), _CLUSTER) is None:
            yield Found(
                resource, shown(resource.get("ClusterName")), "a reference to the cluster", "ClusterName", "name"
            )


RULES: Final = (
    *map(rule_of, _ROWS),
    Rule(
        "EKS-15",
        "Nobody gets into the cluster but those whom the settings name, and our kubectl function",
        f"{_CIS} 4.1.7, 5.5.1. Who may get in is decided in one place, eks.admins and eks.developers.",
        "name the principal there; pods get rights by a RoleBinding, not by an access entry",
        _only_ours_get_in,
        acknowledgeable=False,
    ),
    Rule(
        "EKS-16",
        "Administrators administer, developers look: nobody has another access policy",
        f"{_CIS} 4.1.1, 4.1.2; EKS guide, 'Review access policy permissions': the view policy shows no secrets, "
        "the admin view policy does.",
        "give AmazonEKSViewPolicy to developers; move who has to do more to eks.admins",
        _only_their_rights,
        acknowledgeable=False,
    ),
    Rule(
        "EKS-17",
        "No aws-auth ConfigMap",
        f"{_CIS} 4.1.7. It is ignored with authentication mode API, and a way in as soon as somebody changes the mode.",
        "name the principal in eks.admins or eks.developers",
        _no_aws_auth,
        acknowledgeable=False,
    ),
    Rule(
        "EKS-18",
        "No identity provider beside IAM",
        f"{_CIS} 5.5.1. Its users are in no setting, and their groups' rights stand in the cluster only.",
        "remove it; people come in with IAM roles",
        _identity_providers,
    ),
    Rule(
        "EKS-31",
        "Manifests, patches and charts go to our cluster, by its own kubectl function",
        f"{_CIS} 4.1.1; ADR 0018. The function is an administrator of the cluster it is made for: whom CloudFormation "
        "calls instead decides what is applied, and another cluster's function applies it there.",
        "eks.KubernetesManifest and eks.HelmChart with cluster= the stack's cluster",
        _by_kubectl,
        acknowledgeable=False,
    ),
)

"""What is said when nothing is checked (`-c policy=off`): by `cdk`, and by the local cloud, which hides cdk's words."""

_LINE = "!" * 100

#: Loud, since a deploy without policies looks like any other.
NOTICE = f"""{_LINE}
POLICY IS OFF: NOTHING WAS CHECKED. No security group, no encryption, no IAM policy, no Kubernetes object,
no retention. Do not deploy what comes of it; give -c policy=on to have it checked.
{_LINE}"""

"""Why a stack failed: from CloudFormation's own events."""

from localcloud.aws import Clients
from localcloud.cdk import Run
from localcloud.errors import CloudError
from localcloud.state import Cloud

_CONSEQUENCES = ("cancelled", "The following resource(s)", "Initiated by parent stack")


def explain(cloud: Cloud, run: Run, *, doing: str) -> CloudError:
    """The error for a failed deploy or destroy: the first resource that failed, and its reason."""
    clients = Clients(cloud)
    for region in cloud.regions:
        cloudformation = clients.client("cloudformation", region)
        for stack in cloudformation.describe_stacks()["Stacks"]:
            if "FAILED" not in stack["StackStatus"] and "ROLLBACK" not in stack["StackStatus"]:
                continue
            pages = cloudformation.get_paginator("describe_stack_events").paginate(StackName=stack["StackId"])
            # Newest first; what failed first is the reason of all that failed after it.
            for event in reversed([event for page in pages for event in page["StackEvents"]]):
                reason = event.get("ResourceStatusReason", "")
                failed = event["ResourceStatus"].endswith("_FAILED")
                if failed and reason and not reason.startswith(_CONSEQUENCES):
                    return CloudError(
                        f"{doing} {stack['StackName']} failed",
                        why=f"{event['LogicalResourceId']} ({event['ResourceType']}): {reason[:500]}",
                        do=f"correct it and try again; the whole story is in {run.log}",
                    )
    return CloudError(f"{doing} failed", why=run.complaint(), do=f"the whole story is in {run.log}")

"""What the CDK CLI's lines mean."""

import pytest

from localcloud.cdk import complaint
from localcloud.progress import Event, Progress


@pytest.mark.parametrize(
    ("line", "event"),
    [
        ("VpcStack (cloudmart-lab-VpcStack): deploying... [1/6]", Event("started", "VpcStack")),
        ("VpcStack (cloudmart-lab-VpcStack): destroying... [1/1]", Event("started", "VpcStack")),
        ("\x1b[32m ✅  DataStack (cloudmart-lab-DataStack)\x1b[39m", Event("finished", "DataStack")),
        (" ✅  DataStack (cloudmart-lab-DataStack) (no changes)", Event("unchanged", "DataStack")),
        (" ✅  DataStack (cloudmart-lab-DataStack): destroyed", Event("finished", "DataStack")),
        (
            " ❌  cloudmart-lab-DataStack failed: ToolkitError: no",
            Event("failed", "cloudmart-lab-DataStack", 0.0, "ToolkitError: no"),
        ),
        ("cloudmart-lab-VpcStack | 1/9 | 11:29:00 | CREATE_COMPLETE | AWS::EC2::VPC | Vpc", None),
        ("✨  Deployment time: 3.2s", None),
        ("", None),
    ],
)
def test_lines(line: str, event: Event | None) -> None:
    assert Progress().read(line) == event


def test_seconds_are_counted_from_the_start() -> None:
    times = iter((10.0, 13.5))
    progress = Progress(clock=lambda: next(times))
    progress.read("VpcStack: deploying... [1/6]")
    assert progress.read(" ✅  VpcStack") == Event("finished", "VpcStack", 3.5)


@pytest.mark.parametrize(
    ("log", "said"),
    [
        (
            "noise\nerror: stage: given 'x'; allowed: lab\nSubprocess exited with error 1\n",
            "stage: given 'x'; allowed: lab",
        ),
        ("a\n\nlast words\n", "last words"),
        ("", "no output"),
        (
            "ERROR Too open. (Rule)\n   VpcStack/Web/Resource aws_ec2\n   Acknowledge with 'X'\nERROR b\n",
            "VpcStack/Web/Resource aws_ec2: Too open. (Rule) (and 1 more)",
        ),
    ],
)
def test_complaint_is_one_line(log: str, said: str) -> None:
    assert complaint(log) == said

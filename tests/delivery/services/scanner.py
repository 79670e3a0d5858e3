"""An ECR that scans: the emulator's, which has no scanner, with findings that a test states."""

from dataclasses import dataclass, field
from typing import Any


@dataclass
class ScanningRegistry:
    """Stands in for a boto3 client of ECR. `findings`: digest -> severity -> number; others are not scanned."""

    ecr: Any
    findings: dict[str, dict[str, int]] = field(default_factory=dict)
    unfinished: int = 0
    """So many times it says that it is not done yet."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self.ecr, name)

    def describe_image_scan_findings(self, **request: Any) -> dict[str, Any]:
        """`imageId` and more."""
        digest = request["imageId"]["imageDigest"]
        if digest not in self.findings:
            error = {"Error": {"Code": "ScanNotFoundException", "Message": f"no scan of {digest}"}}
            raise self.ecr.exceptions.ScanNotFoundException(error, "DescribeImageScanFindings")
        if self.unfinished:
            self.unfinished -= 1
            return {"imageScanStatus": {"status": "IN_PROGRESS"}}
        counts = {"findingSeverityCounts": self.findings[digest]}
        return {"imageScanStatus": {"status": "COMPLETE"}, "imageScanFindings": counts}

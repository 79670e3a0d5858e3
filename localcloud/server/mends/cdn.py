"""CloudFront's fetches from S3, and everybody else's.

Faults: a fetch with origin access control counts as plain HTTP and as of no account, so that a bucket
that admits TLS and its own account's distributions answers 403; and a request without credentials
reads any object, so that "through the CDN only" could never be seen to hold.
"""

from ministack.services import s3

from localcloud.server import patching


def _context(distribution: str) -> dict[str, str]:
    if not distribution:
        return {}
    return {"aws:sourcearn": distribution, "aws:sourceaccount": distribution.split(":")[4]}


def install() -> None:
    patching.edit(
        s3._cloudfront_origin_allows,
        old='service_context={"aws:sourcearn": source_arn} if source_arn else {},',
        new="service_context=_localcloud_context(source_arn), secure_transport=True,",
        names={"_localcloud_context": _context},
    )
    patching.edit(s3._apply_bucket_scope, old="anonymous = AUTH and not internal", new="anonymous = not internal")

"""Which authorities may vouch for the stores.

RDS signs with an authority of its own, region by region (RDS guide, "Using SSL/TLS to encrypt a connection");
ElastiCache with Amazon's public one, which every system knows.
"""

import ssl
import time
import urllib.request
from functools import cache
from typing import Final

from .errors import RotationError

_BUNDLE: Final = "https://truststore.pki.rds.amazonaws.com/{region}/{region}-bundle.pem"
_TRIES: Final = 4
_SECONDS: Final = 5


@cache
def authorities(region: str, ca_file: str) -> ssl.SSLContext:
    """A context that verifies chain and host name; made once a start. Raises `RotationError`.

    `ca_file`: trusts its certificates and no others; empty: the system's, and the region's bundle of RDS, fetched here.
    """
    try:
        if ca_file:
            context = ssl.create_default_context(cafile=ca_file)
        else:
            context = ssl.create_default_context()
            context.load_verify_locations(cadata=_fetched(_BUNDLE.format(region=region)))
    except (OSError, ssl.SSLError, ValueError) as error:
        raise RotationError(
            "certificates of the authorities",
            given=f"{ca_file or _BUNDLE.format(region=region)}, {error}",
            allowed="certificates in PEM",
            do="check the file, or the way out to the internet on 443, and rotate again",
        ) from error
    # Python 3.13 and newer also want extensions that not every authority of RDS has; chain and name are checked anyway.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


def _fetched(address: str) -> str:
    for attempt in range(1, _TRIES):
        try:
            return _read(address)
        except OSError:
            time.sleep(attempt)
    return _read(address)


def _read(address: str) -> str:
    with urllib.request.urlopen(address, timeout=_SECONDS) as answer:
        text: bytes = answer.read()
    return text.decode("ascii")

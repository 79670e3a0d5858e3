"""The authority behind the engines' certificates, as Amazon's is behind those of RDS and ElastiCache."""

from pathlib import Path

import trustme


class Authority:
    """An authority of one cloud or one run of tests; its key never leaves the process's memory."""

    def __init__(self, folder: Path) -> None:
        """Makes a new authority. Its certificate goes to `folder`, replacing that of an earlier one."""
        folder.mkdir(parents=True, exist_ok=True)
        self._authority = trustme.CA(organization_name="CloudMart local cloud")
        self.ca_file = folder / "ca.pem"
        """The authority's certificate (PEM): what a client checks against."""
        self._authority.cert_pem.write_to_path(self.ca_file)

    def issue(self, host: str, file: Path) -> Path:
        """Writes a server's key and certificate into one PEM file that only we can read. `host`: address or name."""
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        self._authority.issue_cert(host).private_key_and_cert_chain_pem.write_to_path(file)
        return file

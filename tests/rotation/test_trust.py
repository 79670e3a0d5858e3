"""The function trusts the authorities it is told of, or fetches RDS's."""

import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from cloudmart_cdk.assets.rotation import trust
from cloudmart_cdk.assets.rotation.errors import RotationError
from localcloud.engines.certificates import Authority


class _Bundle(BaseHTTPRequestHandler):
    body: bytes
    refusals: int
    asked: list[str]

    def do_GET(self) -> None:
        type(self).asked.append(self.path)
        refused = type(self).refusals > 0
        type(self).refusals -= 1
        self.send_response(503 if refused else 200)
        self.end_headers()
        if not refused:
            self.wfile.write(self.body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def truststore(rotation_authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[_Bundle]]:
    bundle = type("Bundle", (_Bundle,), {"body": rotation_authority.ca_file.read_bytes(), "refusals": 0, "asked": []})
    trust.authorities.cache_clear()
    monkeypatch.setattr("time.sleep", lambda _: None)
    with ThreadingHTTPServer(("127.0.0.1", 0), bundle) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        monkeypatch.setattr(trust, "_BUNDLE", f"http://127.0.0.1:{server.server_port}/{{region}}/{{region}}-bundle.pem")
        yield bundle
        server.shutdown()
        thread.join()
    trust.authorities.cache_clear()


def _subjects(context: ssl.SSLContext) -> str:
    return str([authority["subject"] for authority in context.get_ca_certs()])


def test_the_regions_bundle_joins_the_systems_authorities(truststore: type[_Bundle]) -> None:
    truststore.refusals = 2
    context = trust.authorities("ap-northeast-2", "")
    assert "CloudMart local cloud" in _subjects(context)
    assert len(context.get_ca_certs()) > 1, "ElastiCache's authority is a public one"
    assert set(truststore.asked) == {"/ap-northeast-2/ap-northeast-2-bundle.pem"}
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    trust.authorities("ap-northeast-2", "")
    assert len(truststore.asked) == 3, "once a start"


def test_a_file_takes_the_place_of_all_others(truststore: type[_Bundle], rotation_authority: Authority) -> None:
    context = trust.authorities("ap-northeast-2", str(rotation_authority.ca_file))
    assert len(context.get_ca_certs()) == 1
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert not truststore.asked


def test_the_address_is_amazons_and_encrypted() -> None:
    assert trust._BUNDLE.startswith("https://truststore.pki.rds.amazonaws.com/")


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"\xff", b"-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----"]
)
def test_what_is_no_certificate_is_one_clear_line(truststore: type[_Bundle], body: bytes) -> None:
    truststore.body = body
    with pytest.raises(RotationError, match=r"^error: certificates of the authorities: given http"):
        trust.authorities("ap-northeast-2", "")


def test_a_truststore_that_stays_away_is_one_clear_line(truststore: type[_Bundle]) -> None:
    truststore.refusals = 100
    with pytest.raises(RotationError, match="503"):
        trust.authorities("ap-northeast-2", "")
    assert len(truststore.asked) == 4


def test_a_missing_file_is_one_clear_line(truststore: type[_Bundle]) -> None:
    with pytest.raises(RotationError, match=r"/nowhere/ca\.pem"):
        trust.authorities("ap-northeast-2", "/nowhere/ca.pem")

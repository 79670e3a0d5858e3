"""The CloudFront Function, run by Node as CloudFront runs it: source evaluated, `handler` called."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

import cloudmart_cdk

ROUTER = Path(cloudmart_cdk.__file__).parent / "assets" / "spa_router" / "router.js"
RUN = """
const vm = require('vm'), fs = require('fs');
const edge = vm.createContext({});
vm.runInContext(fs.readFileSync(process.argv[1], 'utf8'), edge);
const answers = JSON.parse(process.argv[2]).map((uri) =>
    edge.handler({ request: { method: 'GET', uri: uri, querystring: {}, headers: {}, cookies: {} } }));
console.log(JSON.stringify(answers));
"""
PAGES = ("/", "/products", "/products/42", "/orders/", "/releases/1.5", "/users/한글", "/apiary", "/v2.0/help")
FILES = ("/index.html", "/config.json", "/favicon.svg", "/assets/app.0a1b2c3d4e.js", "/a.b/c.woff2", "/missing.png")
WELL_KNOWN = ("/.well-known/apple-app-site-association", "/.well-known/security.txt")
ELSEWHERE = ("/api", "/images")


@pytest.fixture(scope="module")
def answers() -> dict[str, dict[str, Any]]:
    uris = [*PAGES, *FILES, *WELL_KNOWN, *ELSEWHERE]
    node = os.environ.get("JSII_NODE", "node")
    done = subprocess.run(
        [node, "-e", RUN, str(ROUTER), json.dumps(uris)], check=True, capture_output=True, text=True, timeout=300
    )
    return dict(zip(uris, json.loads(done.stdout), strict=True))


@pytest.mark.parametrize("uri", PAGES)
def test_page_becomes_index_html(answers: dict[str, dict[str, Any]], uri: str) -> None:
    assert answers[uri]["uri"] == "/index.html"


@pytest.mark.parametrize("uri", FILES + WELL_KNOWN)
def test_file_is_left_alone_so_that_a_missing_one_is_a_404(answers: dict[str, dict[str, Any]], uri: str) -> None:
    assert answers[uri]["uri"] == uri


@pytest.mark.parametrize("uri", ELSEWHERE)
def test_bare_name_of_another_behaviour_is_no_page(answers: dict[str, dict[str, Any]], uri: str) -> None:
    assert answers[uri]["statusCode"] == 404


def test_fits_into_a_cloudfront_function() -> None:
    """10 KB at most; the runtime knows no `import` (CloudFront developer guide, "restrictions")."""
    source = ROUTER.read_text(encoding="utf-8")
    assert len(source.encode()) < 10_240
    assert "import " not in source
    assert "require(" not in source

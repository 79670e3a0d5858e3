"""The upload: caching, invalidation, and the uploading function's rights."""

import json
from pathlib import Path
from typing import Any

import pytest

from cloudmart_cdk.settings.topology import FRONTEND
from tests.conftest import Synthesize
from tests.matrix import only
from tests.support import Synthesized, write_assembly
from tools.plan import graph

STACK = "FrontendCdnStack"


def _steps(app: Synthesized) -> tuple[dict[str, Any], dict[str, Any]]:
    """The step that uploads hashed assets, and the one that uploads pages."""
    both = app.resources(STACK, "Custom::CDKBucketDeployment").values()
    (assets,) = [each for each in both if each["Properties"].get("Include")]
    (pages,) = [each for each in both if not each["Properties"].get("Include")]
    return assets, pages


def _archive(app: Synthesized) -> Path:
    assets, _ = _steps(app)
    (key,) = assets["Properties"]["SourceObjectKeys"]
    return app.folder / f"asset.{key.removesuffix('.zip')}"


def test_hashed_assets_are_kept_for_a_year_and_pages_never(synthesized: Synthesize) -> None:
    assets, pages = (step["Properties"] for step in _steps(synthesized()))
    assert assets["SystemMetadata"] == {"cache-control": "public, max-age=31536000, immutable"}
    assert pages["SystemMetadata"] == {"cache-control": "no-cache"}


def test_steps_never_delete_each_others_files(synthesized: Synthesize) -> None:
    assets, pages = (step["Properties"] for step in _steps(synthesized()))
    assert (assets["Exclude"], assets["Include"]) == (["*"], ["assets/*"])
    assert assets["Prune"] is False, "yesterday's page still asks for yesterday's assets"
    assert pages["Exclude"] == ["assets/*"], "what is excluded from a sync is excluded from its deletions"
    assert pages["Prune"] is True


def test_pages_come_after_what_they_name(synthesized: Synthesize) -> None:
    app = synthesized()
    assets, pages = _steps(app)
    ids = {id for id, each in app.resources(STACK, "Custom::CDKBucketDeployment").items() if each is assets}
    assert ids <= set(pages["DependsOn"])


def test_only_what_may_change_in_place_is_invalidated(synthesized: Synthesize) -> None:
    app = synthesized()
    assets, pages = (step["Properties"] for step in _steps(app))
    assert "DistributionId" not in assets, "a hashed name never changes its content"
    in_archive = {f"/{path.name}" for path in _archive(app).iterdir() if path.is_file()}
    assert set(pages["DistributionPaths"]) == in_archive | {"/"}
    assert not any("*" in path for path in pages["DistributionPaths"])


def test_archive_holds_the_site_and_the_stages_config(synthesized: Synthesize) -> None:
    for stage in ("lab", "prod"):
        config = json.loads((_archive(synthesized(stage)) / "config.json").read_text())
        assert config == {"stage": stage, "region": "ap-northeast-2", "api": "/api"}
    assert (_archive(synthesized()) / "index.html").is_file()


def test_uploader_may_do_what_it_does_and_no_more(synthesized: Synthesize) -> None:
    app = synthesized()
    (uploader,) = [
        each
        for each in app.resources(STACK, "AWS::Lambda::Function").values()
        if each["Properties"]["Runtime"].startswith("python")
    ]
    role = app.resources(STACK, "AWS::IAM::Role")[uploader["Properties"]["Role"]["Fn::GetAtt"][0]]["Properties"]
    assert "ManagedPolicyArns" not in role
    (apart,) = app.resources(STACK, "AWS::IAM::Policy").values()  # CDK's own grants stay out
    (policy,) = role["Policies"]
    granted: dict[str, str] = {}
    for statement in (each for held in (policy, apart["Properties"]) for each in held["PolicyDocument"]["Statement"]):
        actions = statement["Action"]
        for action in [actions] if isinstance(actions, str) else actions:
            granted[action] = json.dumps(statement["Resource"])
    assert granted.keys() == {
        "s3:GetObject",
        "s3:ListBucket",
        "s3:PutObject",
        "s3:DeleteObject",
        "cloudfront:CreateInvalidation",
        "cloudfront:GetInvalidation",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
    }
    assert '"*"' not in granted.values()
    assert _archive(app).name.removeprefix("asset.") in granted["s3:GetObject"]
    ((distribution_id, _),) = app.resources(STACK, "AWS::CloudFront::Distribution").items()
    assert distribution_id in granted["cloudfront:CreateInvalidation"]


def test_only_the_pages_wait_for_the_distribution(synthesized: Synthesize) -> None:
    """CloudFront takes minutes; role, function and hashed assets are there meanwhile."""
    app = synthesized()
    resources = graph.resources(app.templates[STACK])
    needs = graph.needs(resources)

    def before(id: str) -> set[str]:
        return set(needs[id]).union(*(before(other) for other in needs[id]))

    ((distribution, _),) = app.resources(STACK, "AWS::CloudFront::Distribution").items()
    ((right, _),) = app.resources(STACK, "AWS::IAM::Policy").items()
    assets, pages = (
        next(id for id, each in resources.items() if each["Properties"] is step["Properties"]) for step in _steps(app)
    )
    assert distribution not in before(assets)
    assert {distribution, right, assets} <= before(pages), "and the right to invalidate is there before"


def test_one_layer_is_enough(synthesized: Synthesize) -> None:
    app = synthesized()
    ((layer_id, _),) = app.resources(STACK, "AWS::Lambda::LayerVersion").items()
    used = [each["Properties"].get("Layers") for each in app.resources(STACK, "AWS::Lambda::Function").values()]
    assert [{"Ref": layer_id}] in used


_VITE = {
    "index.html": '<script type="module" src="/assets/index-DiwrgTda.js"></script>',
    "assets/index-DiwrgTda.js": "1",
    "assets/index-B7x3kP1d.css": "",
}


@pytest.fixture
def build(tmp_path: Path) -> Path:
    """A team's own front end."""
    for name, text in _VITE.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def _synthesized(build: Path, outdir: Path) -> Synthesized:
    """Of its own: the folder's path is this test's, so no other can share the assembly."""
    context = {"stage": "lab", "frontend.dist": str(build), "skip": only(FRONTEND)}
    write_assembly(context, outdir)
    return Synthesized(outdir, context)


def test_a_teams_build_is_published_as_it_is(build: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    app = _synthesized(build, tmp_path_factory.mktemp("own") / "out")
    assets, pages = (step["Properties"] for step in _steps(app))
    assert (assets["Include"], pages["Exclude"]) == (["assets/*"], ["assets/*"])
    assert set(pages["DistributionPaths"]) == {"/", "/index.html", "/config.json"}
    archive = _archive(app)
    assert {name: (archive / name).read_text(encoding="utf-8") for name in _VITE} == _VITE
    assert json.loads((archive / "config.json").read_text())["api"] == "/api"
    assert not [each for each in app.findings if each.severity == "error"]


def test_a_build_without_hashes_is_asked_for_again(build: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    (build / "assets" / "logo.png").write_bytes(b"1")
    app = _synthesized(build, tmp_path_factory.mktemp("own") / "out")
    (step,) = app.resources(STACK, "Custom::CDKBucketDeployment").values()
    assert "Exclude" not in step["Properties"]
    assert step["Properties"]["SystemMetadata"] == {"cache-control": "no-cache"}
    assert app.resources(STACK, "AWS::Lambda::LayerVersion"), "the one step brings its own layer"

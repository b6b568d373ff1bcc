"""deploy-image.sh against an AWS CLI that writes down what it is asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.deploy.scripts import run

AWS = """\
  "ecr describe-images") [[ -z ${MISSING:-} ]] || { echo ImageNotFoundException >&2; exit 254; }
    printf '123456789012\\tsha256:abc\\n' ;;
  "ecr batch-get-image") echo '{}' ;;
  "ecr put-image") [[ -z ${TAGGED:-} ]] || { echo "$TAGGED" >&2; exit 254; } ;;
  "lambda get-alias") echo 6 ;;
  "lambda publish-version") echo 7 ;;
  "lambda invoke") echo "${ANSWER}" > "${@: -1}"; echo "${FAILED:-None}" ;;
"""
HEALTHY = '{"statusCode": 200, "body": "{}"}'
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/shop/dev:orders-2"


def deploy(folder: Path, answer: str = HEALTHY, **more: str) -> tuple[int, str, list[str]]:
    environment = {"AWS_REGION": "us-east-1", "ANSWER": answer, **more}
    return run("deploy-image.sh", folder, AWS, "shop/dev", "shop-dev-orders", "orders-2", **environment)


def moved(calls: list[str]) -> list[str]:
    """The versions that the alias was moved to."""
    return [call.rpartition(" ")[2] for call in calls if call.startswith("lambda update-alias")]


def test_a_healthy_image_goes_live(tmp_path: Path) -> None:
    code, told, calls = deploy(tmp_path)
    assert (code, told) == (0, "shop-dev-orders: version 7 (orders-2) is live\n")
    assert [" ".join(call.split()[:3]) for call in calls] == [
        "ecr describe-images --repository-name",
        "lambda get-alias --function-name",
        "lambda update-function-code --function-name",
        "lambda wait function-updated-v2",
        "lambda publish-version --function-name",
        "lambda wait published-version-active",
        "lambda update-alias --function-name",
        "lambda invoke --function-name",
        "ecr batch-get-image --repository-name",
        "ecr put-image --repository-name",
    ]
    assert any(call.endswith(f"--image-uri {IMAGE}") for call in calls)
    assert any("--image-tag live-orders-2" in call for call in calls)
    assert moved(calls) == ["7"]


def test_an_image_that_went_live_before_has_its_tag_already(tmp_path: Path) -> None:
    code, _, calls = deploy(tmp_path, TAGGED="An error occurred (ImageAlreadyExistsException)")
    assert (code, moved(calls)) == (0, ["7"])


def test_an_image_that_is_not_there_changes_nothing(tmp_path: Path) -> None:
    code, told, calls = deploy(tmp_path, MISSING="yes")
    assert code == 1
    assert "there is no image shop/dev:orders-2" in told
    assert len(calls) == 1


def test_a_healthy_image_without_its_second_tag_is_told(tmp_path: Path) -> None:
    code, told, calls = deploy(tmp_path, TAGGED="AccessDeniedException")
    assert (code, moved(calls)) == (1, ["7"])
    assert "version 7 (orders-2) is live, but its image has no tag live-orders-2" in told
    assert "AccessDeniedException" in told


@pytest.mark.parametrize(
    ("answer", "failed"),
    [('{"statusCode": 503}', "None"), ('{"errorMessage": "no module"}', "Unhandled"), (HEALTHY, "Unhandled")],
)
def test_an_unhealthy_one_is_taken_back(tmp_path: Path, answer: str, failed: str) -> None:
    code, told, calls = deploy(tmp_path, answer, FAILED=failed)
    assert code == 1
    assert moved(calls) == ["7", "6"]
    assert not [call for call in calls if call.startswith("ecr put-image")]
    assert "version 7 (orders-2) isn't healthy; version 6 is live again" in told

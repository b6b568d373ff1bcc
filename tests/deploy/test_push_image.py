"""push-image.sh: an image that isn't there is built from a commit of the branch."""

from __future__ import annotations

import io
import subprocess
import tarfile
from pathlib import Path

import pytest

from tests.deploy.scripts import run

AWS = """\
  "ecr describe-images") [[ -z $ERROR ]] || { echo "An error occurred ($ERROR)" >&2; exit 254; } ;;
  "ecr get-login-password") echo secret ;;
  "sts get-caller-identity") echo 123456789012 ;;
"""
REGISTRY = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
MISSING = "ImageNotFoundException"


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.com")
    done = subprocess.run(
        ["git", *identity, *arguments], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with two commits, the second of which changes the image's source."""
    git(tmp_path, "init", "--quiet")
    source = tmp_path / "orders"
    source.mkdir()
    for text in ("first", "second"):
        (source / "Dockerfile").write_text(text)
        git(tmp_path, "add", "orders")
        git(tmp_path, "commit", "--quiet", "--message", text)
    return tmp_path


def push(repository: Path, commit: str, error: str = MISSING) -> tuple[int, str, list[str]]:
    arguments = ("shop/prod", f"orders-{commit}", "orders", commit)
    return run("push-image.sh", repository, AWS, *arguments, AWS_REGION="us-east-1", ERROR=error)


def test_what_is_missing_is_built_from_its_commit(repository: Path) -> None:
    commit = git(repository, "rev-parse", "HEAD~1")
    code, told, calls = push(repository, commit)
    image = f"{REGISTRY}/shop/prod:orders-{commit}"
    assert (code, told) == (0, f"shop/prod:orders-{commit}: is pushed\n")
    assert [call for call in calls if call.startswith("docker")] == [
        f"docker login --username AWS --password-stdin {REGISTRY}",
        f"docker build --provenance=false --tag {image} -",
        f"docker push {image}",
    ]
    read = (repository / "calls.input").read_bytes().removeprefix(b"secret\n")
    with tarfile.open(fileobj=io.BytesIO(read)) as context:
        dockerfile = context.extractfile("Dockerfile")
        assert dockerfile
        assert dockerfile.read() == b"first"


def test_what_is_there_is_not_built_again(repository: Path) -> None:
    code, told, calls = push(repository, "2026.11", error="")
    assert (code, told) == (0, "shop/prod:orders-2026.11: is there already\n")
    assert len(calls) == 1


def test_only_commits_of_the_branch_are_built(repository: Path) -> None:
    main = git(repository, "rev-parse", "HEAD")
    git(repository, "commit", "--quiet", "--allow-empty", "--message", "a fork's")
    fork = git(repository, "rev-parse", "HEAD")
    git(repository, "reset", "--quiet", "--hard", main)
    for commit in (fork, "0" * 40, "HEAD", main[:12], "--all"):
        code, told, calls = push(repository, commit)
        assert code == 1
        assert "is no commit of this branch" in told
        assert not [call for call in calls if call.startswith("docker")]


def test_another_error_is_told(repository: Path) -> None:
    code, told, calls = push(repository, git(repository, "rev-parse", "HEAD"), error="AccessDeniedException")
    assert code == 1
    assert "AccessDeniedException" in told
    assert len(calls) == 1

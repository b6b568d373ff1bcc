from __future__ import annotations

import json

import pytest

from tests.sandbox.provider.client import Client, RefusedError
from tests.sandbox.provider.graphs import ROLE, ROLE_POLICY, TRUST, policy


def test_role(live: Client) -> None:
    live.configure(defaultTags={"tags": {"Stage": "test"}})
    inputs = {
        "name": "shop-role",
        "assumeRolePolicy": TRUST,
        "description": "Runs the shop",
        "maxSessionDuration": 7200,
        "permissionsBoundary": "arn:aws:iam::aws:policy/ReadOnlyAccess",
        "tags": {"System": "shop"},
    }
    made = live.create(ROLE, inputs)
    assert made.id == "shop-role"
    assert made.outputs["arn"] == "arn:aws:iam::000000000000:role/shop-role"
    assert made.outputs["uniqueId"].startswith("AROA")
    assert made.outputs["createDate"].endswith("Z")
    assert made.outputs["assumeRolePolicy"] == TRUST
    assert "region" not in made.outputs
    seen = live.read(made)
    assert (seen.inputs, seen.outputs) == (made.inputs, made.outputs)
    assert not live.diff(live.imported(ROLE, "shop-role"), inputs).diffs

    changed = {
        "name": "shop-role",
        "assumeRolePolicy": TRUST.replace("lambda.", "states."),
        "tags": {"System": "web"},
    }
    assert list(live.diff(made, changed).diffs) == [
        *("assumeRolePolicy", "description", "maxSessionDuration", "permissionsBoundary", "tags", "tagsAll"),
    ]
    made = live.update(made, changed)
    assert made.outputs["maxSessionDuration"] == 3600
    assert made.outputs["tagsAll"] == {"Stage": "test", "System": "web"}
    assert not {"description", "permissionsBoundary"} & made.outputs.keys()
    seen = live.read(made)
    assert (seen.inputs, seen.outputs) == (made.inputs, made.outputs)

    live.delete(made)
    assert live.read(made).id == ""
    live.delete(made)


def test_a_role_that_holds_policies_goes_only_by_force(live: Client) -> None:
    made = live.create(ROLE, {"name": "forced", "assumeRolePolicy": TRUST})
    live.create(ROLE_POLICY, {"role": "forced", "name": "p", "policy": policy("s3:GetObject")})
    with pytest.raises(
        RefusedError, match=r"deleting aws:iam/role:Role 'it' \(forced\): AWS answered DeleteConflict"
    ):
        live.delete(made)
    made = live.update(made, {"name": "forced", "assumeRolePolicy": TRUST, "forceDetachPolicies": True})
    live.delete(made)
    assert live.read(made).id == ""


def test_role_policy(live: Client) -> None:
    live.create(ROLE, {"name": "policied", "assumeRolePolicy": TRUST})
    inputs = {"role": "policied", "name": "may", "policy": policy("s3:GetObject", "s3:PutObject")}
    made = live.create(ROLE_POLICY, inputs)
    assert made.id == "policied:may"
    assert made.outputs == inputs
    seen = live.read(made)
    assert (seen.inputs, seen.outputs) == (made.inputs, made.outputs)
    assert not live.diff(live.imported(ROLE_POLICY, "policied:may"), inputs).diffs

    made = live.update(made, inputs | {"policy": policy("s3:GetObject")})
    assert json.loads(live.read(made).outputs["policy"])["Statement"][0]["Action"] == ["s3:GetObject"]
    live.delete(made)
    assert live.read(made).id == ""
    live.delete(made)


def test_what_exists_already_is_said(live: Client) -> None:
    live.create(ROLE, {"name": "twice", "assumeRolePolicy": TRUST})
    with pytest.raises(RefusedError) as caught:
        live.create(ROLE, {"name": "twice", "assumeRolePolicy": TRUST}, name="second")
    assert str(caught.value).startswith(
        "creating aws:iam/role:Role 'second': AWS answered EntityAlreadyExists: "
    )
    assert "exists already outside this stack's state: delete it, or" in str(caught.value)


def test_a_policy_of_no_role_is_an_error(live: Client) -> None:
    with pytest.raises(RefusedError, match=r"NoSuchEntity.*\nwhat it refers to doesn't exist"):
        live.create(ROLE_POLICY, {"role": "nobody", "name": "p", "policy": policy("a:b")})


def test_drift_is_what_a_refresh_finds(live: Client) -> None:
    """Another hand changes the role; the refresh shows it, and the program's inputs differ from it."""
    inputs = {"name": "drifting", "assumeRolePolicy": TRUST, "tags": {"a": "b"}}
    made = live.create(ROLE, inputs)
    live.update(made, inputs | {"description": "by hand", "tags": {"a": "c"}})
    seen = live.read(made)
    assert seen.outputs["description"] == "by hand"
    assert seen.inputs["tags"] == {"a": "c"}
    answer = live.diff(seen, inputs)
    assert sorted(answer.detailedDiff) == ["description", "tags.a", "tagsAll.a"]

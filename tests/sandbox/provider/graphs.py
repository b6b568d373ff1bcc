"""Resources that several tests need."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

from sandbox.provider.values import Archive
from tests.sandbox.provider.client import Client, Made

ROLE = "aws:iam/role:Role"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
FUNCTION = "aws:lambda/function:Function"
ALIAS = "aws:lambda/alias:Alias"

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "lambda.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
)


def policy(*actions: str, resource: str = "*") -> str:
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": resource}],
        }
    )


def package(folder: Path, answer: str = "hello") -> Archive:
    """A zip of a function that answers always the same, with the hash that the engine gives it."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as file:
        file.writestr(zipfile.ZipInfo("main.py"), f"def handler(event, context):\n    return {answer!r}\n")
    path = folder / f"{answer}.zip"
    path.write_bytes(data.getvalue())
    return Archive(path=str(path), hash=hashlib.sha256(data.getvalue()).hexdigest())


def role(client: Client, name: str, *actions: str) -> Made:
    """A role for functions, which may do ``actions``."""
    made = client.create(ROLE, {"name": name, "assumeRolePolicy": TRUST})
    if actions:
        client.create(ROLE_POLICY, {"role": name, "name": "may", "policy": policy(*actions)})
    return made


def function_inputs(role_arn: Any, code: Archive, **more: Any) -> dict[str, Any]:
    return {
        "role": role_arn,
        "code": code,
        "handler": "main.handler",
        "runtime": "python3.12",
        **more,
    }

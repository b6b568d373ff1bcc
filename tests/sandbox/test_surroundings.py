from __future__ import annotations

import json
import stat
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml
from botocore.exceptions import ClientError

from sandbox import emulator, postgres, surroundings
from sandbox.emulator import Emulator
from sandbox.errors import SurroundingsError
from sandbox.home import FLEET_ROOT, Home
from sandbox.provider.clients import client
from sandbox.surroundings import Surroundings

SECRET = "lambda-fleet:typerush.database.secretArn"
REGION = "ap-southeast-1"


@pytest.fixture(scope="module")
def home(session_home: Home, running_emulator: Emulator) -> Iterator[Home]:
    yield session_home
    postgres.stop(session_home)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with the project's own surroundings.yaml."""
    (tmp_path / surroundings.FILE).write_text((FLEET_ROOT / surroundings.FILE).read_text())
    return tmp_path


@pytest.fixture
def made(project: Path, home: Home) -> Surroundings:
    return surroundings.ensure(project, "local", home)


def secret(home: Home, made: Surroundings) -> dict[str, Any]:
    found = client(emulator.require(home).endpoint, "secretsmanager", REGION).get_secret_value(
        SecretId=made.config[SECRET]
    )
    content: dict[str, Any] = json.loads(found["SecretString"])
    return content


def connect(content: dict[str, Any], authority: Path) -> psycopg.Connection:
    authority.write_text(content["ca"])
    return psycopg.connect(
        host=content["host"],
        port=content["port"],
        user=content["username"],
        password=content["password"],
        dbname=content["dbname"],
        sslmode="verify-full",
        sslrootcert=str(authority),
    )


def test_every_id_that_it_gives_exists(home: Home, made: Surroundings) -> None:
    endpoint = emulator.require(home).endpoint
    ec2, config = client(endpoint, "ec2", REGION), made.config
    vpc = config["lambda-fleet:typerush.network.vpcId"]
    subnets = ec2.describe_subnets(SubnetIds=config["lambda-fleet:typerush.network.subnetIds"])["Subnets"]
    groups = ec2.describe_security_groups(
        GroupIds=[config[f"lambda-fleet:typerush.{part}.securityGroupId"] for part in ("network", "database")]
    )["SecurityGroups"]
    assert len({subnet["AvailabilityZone"] for subnet in subnets}) == 2
    assert {owned["VpcId"] for owned in [*subnets, *groups]} == {vpc}


def test_the_secret_opens_the_database(home: Home, made: Surroundings, tmp_path: Path) -> None:
    content = secret(home, made)
    assert content["engine"] == "postgres"
    with connect(content, tmp_path / "ca.pem") as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS proof (x int)")


def test_the_game_services_role_can_be_taken_and_starts_with_no_rights(
    home: Home, made: Surroundings
) -> None:
    endpoint = emulator.require(home).endpoint
    taken = client(endpoint, "sts", REGION).assume_role(
        RoleArn=made.config["lambda-fleet:typerush.gameServiceRoleArn"], RoleSessionName="test"
    )
    assert "typerush-local-game-service" in taken["AssumedRoleUser"]["Arn"]
    trust = client(endpoint, "iam", REGION).get_role(RoleName="typerush-local-game-service")["Role"]
    principals = [s["Principal"] for s in trust["AssumeRolePolicyDocument"]["Statement"]]
    assert {"Service": "ecs-tasks.amazonaws.com"} in principals


def test_somebody_can_sign_in_by_what_the_secret_says(home: Home, made: Surroundings) -> None:
    endpoint, pool = emulator.require(home).endpoint, made.ids["userPools"]["spendsense"]
    secrets = client(endpoint, "secretsmanager", pool["region"])
    told = json.loads(secrets.get_secret_value(SecretId=pool["secretArn"])["SecretString"])
    assert told == {"user_pool_id": pool["id"], "client_id": pool["clientId"]}
    cognito = client(endpoint, "cognito-idp", pool["region"])
    who = {"UserPoolId": told["user_pool_id"], "Username": "ada"}
    cognito.admin_create_user(**who, MessageAction="SUPPRESS")
    cognito.admin_set_user_password(**who, Password="Correct-horse-1", Permanent=True)
    tokens = cognito.initiate_auth(
        ClientId=told["client_id"],
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ada", "PASSWORD": "Correct-horse-1"},
    )
    assert tokens["AuthenticationResult"]["IdToken"]


def test_a_second_time_changes_nothing_and_is_quick(project: Path, home: Home, made: Surroundings) -> None:
    began = time.perf_counter()
    again = surroundings.ensure(project, "local", home)
    assert time.perf_counter() - began < 0.15
    assert again == made
    assert surroundings.ensure(project, "local", home, thorough=True) == made
    assert surroundings.recorded(home, "local") == made


def test_another_emulator_gets_the_same_password(project: Path, home: Home, made: Surroundings) -> None:
    before = secret(home, made)
    other = Home(path=home.path.parent / "other-emulator")
    try:
        # Over the same database, as after a restart, but without stopping the emulator that tests share.
        other.sandbox.mkdir(parents=True)
        for shared in ("postgres", "passwords.json"):
            (other.sandbox / shared).symlink_to(home.sandbox / shared)
        again = surroundings.ensure(project, "local", other)
        assert again.instance != made.instance
        assert secret(other, again) == before
    finally:
        emulator.stop(other)


def test_a_deleted_part_is_made_again(project: Path, home: Home, made: Surroundings) -> None:
    iam = client(emulator.require(home).endpoint, "iam", REGION)
    iam.delete_role(RoleName="typerush-local-game-service")
    assert surroundings.ensure(project, "local", home, thorough=True) == made
    assert iam.get_role(RoleName="typerush-local-game-service")


def test_a_rotated_password_replaces_the_old_one(
    project: Path, home: Home, made: Surroundings, tmp_path: Path
) -> None:
    before = secret(home, made)
    surroundings.rotate_password(project, "local", home, "typerush")
    after = secret(home, made)
    assert after["password"] != before["password"]
    connect(after, tmp_path / "ca.pem").close()
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        connect(before, tmp_path / "ca.pem")
    with pytest.raises(SurroundingsError, match="typerush"):
        surroundings.rotate_password(project, "local", home, "shop")


def test_no_password_is_told(home: Home, made: Surroundings) -> None:
    password = secret(home, made)["password"]
    assert password not in repr(made)
    for path in home.sandbox.glob("surroundings/*"):
        assert password not in path.read_text()
    assert stat.S_IMODE((home.sandbox / "passwords.json").stat().st_mode) == 0o600
    assert password not in (home.sandbox / "postgres" / "server.log").read_text()
    assert password not in emulator.log_file(home).read_text()


def test_strangers_cannot_read_the_secret(home: Home, made: Surroundings) -> None:
    stranger = replace(emulator.require(home).endpoint, access_key_id="AKIASTRANGERSTRANGER")
    with pytest.raises(ClientError):
        client(stranger, "secretsmanager", REGION).get_secret_value(SecretId=made.config[SECRET])


def test_a_stage_without_surroundings_needs_none(project: Path, tmp_path: Path) -> None:
    assert surroundings.declares(project, "local")
    assert not surroundings.declares(project, "prod")
    assert not surroundings.declares(tmp_path / "elsewhere", "local")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("stacks.local.network: {}", r"stacks\.local\.network: unknown key"),
        ("stacks.local.databases.typerush.user: Typerush", r"databases\.typerush\.user: .*found 'Typerush'"),
        ("stacks.local.networks.typerush.privateSubnets: {a: 10.99.0.0/24}",
         r"privateSubnets\.a .*isn.t inside"),
        ("stacks.local.config.aws:region: networks.shop.region",
         r"'networks\.shop\.region' refers to nothing"),
        ("stacks.local.databases.copy: {region: eu-west-1, secretName: x, database: typerush, user: other}",
         "same database 'typerush'"),
    ],
)  # fmt: skip
def test_a_wrong_file_is_an_error_that_says_where(
    project: Path, home: Home, change: str, message: str
) -> None:
    content = yaml.safe_load((project / surroundings.FILE).read_text())
    path, _, value = change.partition(": ")
    parts = path.split(".", 3 if ".config." in path else -1)
    place = content
    for part in parts[:-1]:
        place = place[part]
    place[parts[-1]] = yaml.safe_load(value)
    (project / surroundings.FILE).write_text(yaml.safe_dump(content))
    with pytest.raises(SurroundingsError, match=message):
        surroundings.ensure(project, "local", home)


def test_a_wrong_file_is_found_before_anything_is_started(tmp_path: Path) -> None:
    home = Home(path=tmp_path / "home")
    (tmp_path / surroundings.FILE).write_text("stacks: {local: {networks: {main: {}}}}\n")
    with pytest.raises(SurroundingsError, match=r"stacks\.local\.networks\.main\.cidr"):
        surroundings.ensure(tmp_path, "local", home)
    assert emulator.find(home) is None
    assert not home.path.exists()


def test_a_file_that_is_not_yaml_is_an_error(tmp_path: Path) -> None:
    (tmp_path / surroundings.FILE).write_text("stacks: [")
    with pytest.raises(SurroundingsError, match=r"isn't YAML: line 1, column 10: "):
        surroundings.declares(tmp_path, "local")


def test_images_name_the_folders_that_run_instead(project: Path) -> None:
    images = surroundings.images(project, "local")
    assert images["hoopstat-haus/local:mcp-server-"] == "functions/hoopstat/mcp_server"
    assert surroundings.images(project, "dev") == {}


@pytest.mark.parametrize("images", ["{repository: functions/shop}", '{"shop/local:": ../elsewhere}'])
def test_images_that_cannot_be_meant(project: Path, home: Home, images: str) -> None:
    (project / surroundings.FILE).write_text(f"stacks: {{local: {{images: {images}}}}}")
    with pytest.raises(SurroundingsError, match="images"):
        surroundings.ensure(project, "local", home, thorough=True)

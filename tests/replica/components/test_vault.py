from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from blackstart.errors import ReplicaError
from blackstart.replica.asking import Refused
from blackstart.replica.components import vault, vault_content
from blackstart.replica.components.vault import Keyholder, VaultClient, check_login
from blackstart.replica.components.vault_keyring import AUTOMATION_TOKEN, Keyring
from blackstart.replica.components.vault_seed import KEYS_NEEDED, seeded
from blackstart.replica.layout import CANARY, PROBE_ROLE, TEAMS, Address
from blackstart.replica.programs.startpath import login
from blackstart.testing import FakeReplica

if TYPE_CHECKING:
    from blackstart.replica.local import LocalReplica

LIMIT_S = 30.0


def test_the_configuration_names_its_ports_and_keeps_the_audit_path_relative() -> None:
    text = vault.config(8200, 8201)
    assert 'address = "127.0.0.1:8200"' in text
    assert 'cluster_addr = "http://127.0.0.1:8201"' in text
    assert 'file_path = "audit.log"' in text


@pytest.fixture
def address(replica: LocalReplica) -> Address:
    host, _, port = replica.components()["vault"].endpoint.partition(":")
    return host, int(port)


@pytest.fixture
def root(replica: LocalReplica, address: Address) -> VaultClient:
    return VaultClient(address, json.loads(replica.keyring().read_text())["root_token"])


@pytest.mark.replica
def test_the_seed_is_made_once_and_is_private(replica: LocalReplica) -> None:
    seed = seeded({})
    assert seeded({}) == seed
    assert len(seed.keys) == 3
    assert set(seed.roles) == {*TEAMS, CANARY, PROBE_ROLE}
    assert stat.S_IMODE(seed.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((seed.folder / "seed.json").stat().st_mode) == 0o600


@pytest.mark.replica
def test_a_copy_of_the_data_takes_the_room_it_needs(replica: LocalReplica, tmp_path: Path) -> None:
    seed = seeded({})
    seed.copy_data(tmp_path)
    for source in (seed.folder / "data").rglob("*.db"):
        copy = tmp_path / source.relative_to(seed.folder)
        assert copy.read_bytes() == source.read_bytes()
        assert copy.stat().st_blocks * 512 < 2_000_000, "bolt's files are mostly holes"
    assert json.loads((tmp_path / vault.KEYRING).read_text())["keys"] == list(seed.keys)


@pytest.mark.replica
def test_each_team_reads_its_own_secret_and_no_other(address: Address) -> None:
    for team in TEAMS:
        token = login(address, seeded({}).roles[team], timeout_s=LIMIT_S).json()["auth"]["client_token"]
        client = VaultClient(address, token)
        secret = client.call("GET", f"secret/data/{team}")["data"]["data"]
        assert set(secret) == {"database_password", "registry_password"}
        for other in set(TEAMS) - {team}:
            with pytest.raises(Refused, match=r"^403 .*permission denied"):
                client.call("GET", f"secret/data/{other}")


@pytest.mark.replica
def test_logins_that_come_every_second_leave_nothing_behind(address: Address) -> None:
    for role, kind in ((PROBE_ROLE, "batch"), (CANARY, "batch"), ("payments", "service")):
        answer = login(address, seeded({}).roles[role], timeout_s=LIMIT_S)
        assert answer.json()["auth"]["token_type"] == kind


@pytest.mark.replica
def test_a_login_with_a_wrong_secret_id(address: Address) -> None:
    with pytest.raises(Refused, match=r"^400 invalid role or secret ID$"):
        check_login(address, (seeded({}).roles[PROBE_ROLE][0], "wrong"), LIMIT_S)


@pytest.mark.replica
def test_seal_and_unseal(address: Address, root: VaultClient) -> None:
    role = seeded({}).roles[PROBE_ROLE]
    root.seal()
    try:
        assert root.sealed()
        assert not root.active()
        with pytest.raises(Refused, match=r"^503 Vault is sealed$"):
            check_login(address, role, LIMIT_S)
    finally:
        root.unseal(seeded({}).keys[:KEYS_NEEDED])
    assert not root.sealed()
    check_login(address, role, LIMIT_S)
    root.unseal(seeded({}).keys)  # nothing happens


@pytest.mark.replica
def test_an_operators_token_looks_at_everything(replica: LocalReplica, address: Address) -> None:
    client = VaultClient(address, replica.shell("ic-1").env["BAO_TOKEN"])
    assert client.call("GET", "auth/token/lookup-self")["data"]["display_name"] == "token-ic-1"
    for path in (
        "sys/audit",
        "sys/auth",
        "sys/mounts",
        "sys/policies/acl/payments",
        "secret/metadata/payments",
        "secret/data/payments",
        "auth/approle/role/payments",
        "pki/issuer/default",
    ):
        assert client.call("GET", path), path


@pytest.mark.replica
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "sys/seal", {}),
        ("DELETE", "sys/auth/approle", None),
        ("DELETE", "sys/mounts/secret", None),
        ("DELETE", "sys/policies/acl/payments", None),
        ("PUT", "sys/policies/acl/operator", {"policy": 'path "*" { capabilities = ["sudo"] }'}),
        ("POST", "auth/token/create", {"policies": ["root"]}),
        ("POST", "auth/approle/role/payments/secret-id", {}),
        ("DELETE", "secret/data/payments", None),
        ("DELETE", "secret/metadata/payments", None),
    ],
)
def test_an_operators_token_neither_seals_nor_destroys_nor_grants_itself_more(
    replica: LocalReplica, address: Address, method: str, path: str, body: object
) -> None:
    client = VaultClient(address, replica.shell("ic-1").env["BAO_TOKEN"])
    with pytest.raises(Refused, match=r"^403 .*permission denied"):
        client.call(method, path, body)


@pytest.mark.replica
def test_the_automations_token_lists_names_and_reads_no_secret(
    replica: LocalReplica, address: Address
) -> None:
    file = replica.keyring().with_name(AUTOMATION_TOKEN)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    client = VaultClient(address, file.read_text().strip())
    assert set(client.call("GET", "secret/metadata?list=true")["data"]["keys"]) == {*TEAMS, CANARY}
    with pytest.raises(Refused, match="permission denied"):
        client.call("GET", "secret/data/payments")
    mine = client.call("GET", "auth/token/lookup-self")["data"]
    assert mine["ttl"] > 9 * 365 * 86_400, "it does not end while a seed is kept"
    assert mine["orphan"]


@pytest.mark.replica
def test_what_was_destroyed_is_written_again_with_the_ids_that_everybody_holds(
    replica: LocalReplica, root: VaultClient, address: Address
) -> None:
    keyring = Keyring.read(replica.keyring())
    root.call("DELETE", "sys/auth/approle")
    vault_content.mount_approle(root)
    vault_content.write_roles(root, keyring.roles)
    for role in keyring.roles.values():
        check_login(address, role, LIMIT_S)


@pytest.mark.replica
def test_where_the_server_itself_listens(replica: LocalReplica, tmp_path: Path) -> None:
    address = vault.listening_at(replica.keyring().parent)
    assert address is not None
    assert not VaultClient(address).sealed()
    assert vault.listening_at(tmp_path) is None


@pytest.mark.replica
def test_what_is_not_there_is_found_missing(root: VaultClient) -> None:
    assert root.find("sys/policies/acl/nobody") is None
    assert root.find("sys/policies/acl/payments")["name"] == "payments"
    with pytest.raises(Refused, match="403"):
        root.find("auth/token/lookup", method="POST", body={"token": "s.none"})
    assert root.find("auth/token/lookup", method="POST", body={"token": "s.none"}, missing=(403,)) is None


def test_a_keyring_that_is_none(tmp_path: Path) -> None:
    for text in ("", "[]", "{}"):
        (tmp_path / "keyring.json").write_text(text)
        with pytest.raises(ReplicaError, match="Vault's keys cannot be read"):
            Keyring.read(tmp_path / "keyring.json")


@pytest.mark.replica
def test_the_audit_log_says_who_did_what(replica: LocalReplica, address: Address) -> None:
    client = VaultClient(address, replica.shell("sme-1").env["BAO_TOKEN"])
    client.call("GET", "sys/auth")
    log = replica.audit_log("vault")
    assert log is not None
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    mine = [line for line in lines if line.get("auth", {}).get("display_name") == "token-sme-1"]
    assert mine[-1]["type"] == "response"
    assert mine[-1]["request"]["path"] == "sys/auth"


@pytest.mark.replica
def test_who_holds_the_keys(replica: LocalReplica, tmp_path: Path) -> None:
    assert isinstance(replica, Keyholder)
    assert not isinstance(FakeReplica([], tmp_path), Keyholder)
    assert stat.S_IMODE(replica.keyring().stat().st_mode) == 0o600


class Upgrading(VaultClient):
    """A server whose new engine is not ready at the first looks."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 1))
        self.refusals = 2

    def call(self, method: str, path: str, body: object = None) -> None:
        assert (method, path) == ("POST", "sys/mounts/secret")

    def find(self, path: str, **_: object) -> None:
        self.refusals -= 1
        if self.refusals >= 0:
            raise Refused("400 Upgrading from non-versioned to versioned data.")


def test_a_new_engine_is_mounted_once_it_serves() -> None:
    server = Upgrading()
    vault_content.mount_secrets(server)
    assert server.refusals == -1

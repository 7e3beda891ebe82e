"""Aliases, journal and claim on a real registry; models need not load for that."""

from __future__ import annotations

import json
import multiprocessing
import os
import socket
import threading
import time
from multiprocessing.synchronize import Barrier
from pathlib import Path

import mlflow
import pytest
from mlflow import MlflowClient

from pipeline.config.errors import InputError
from pipeline.tracking.registry import claim
from pipeline.tracking.registry.champion import Registry
from pipeline.tracking.registry.journal import read_journal
from pipeline.tracking.store.client import connect

MODEL = "toy-net"


@pytest.fixture
def registry(client: MlflowClient) -> Registry:
    """Three versions, no champion."""
    client.create_registered_model(MODEL)
    experiment = client.create_experiment("toy")
    for _ in range(3):
        run = client.create_run(experiment, tags={"git_dirty": "false"})
        client.create_model_version(MODEL, "file:///nowhere", run.info.run_id)
    return Registry(MODEL)


def aliases(client: MlflowClient) -> dict[str, str]:
    return {k: str(v) for k, v in client.get_registered_model(MODEL).aliases.items()}


def test_first_promotion_makes_a_champion_and_the_second_a_previous(
    client: MlflowClient, registry: Registry
) -> None:
    assert registry.holder("champion") is None
    registry.record("promoted", "1", None, [])
    assert aliases(client) == {"champion": "1"}
    registry.record("promoted", "2", "1", [])
    assert aliases(client) == {"champion": "2", "previous": "1"}
    champion = registry.holder("champion")
    assert champion is not None
    assert champion.clean is True


def test_refusals_move_nothing_and_stand_in_the_journal(
    client: MlflowClient, registry: Registry, tmp_path: Path
) -> None:
    registry.record("promoted", "1", None, [])
    registry.record("refused", "2", "1", ["too bad", "really"], {"log_loss": 0.5})
    registry.record("refused", "2", "1", ["again"])
    assert aliases(client) == {"champion": "1"}
    entries = [entry for entry, _ in registry.journal()]
    assert [one.action for one in entries] == ["promoted", "refused", "refused"]
    assert [one.number for one in entries] == [1, 2, 3]
    assert entries[1].reasons == ("too bad", "really")
    said = client.get_model_version(MODEL, "2").tags["gate"]
    assert said.startswith("refused on ")
    assert said.endswith(": again")
    assert entries[1].champion == "1"
    run = registry.version("2").run_id
    kept = Path(client.download_artifacts(run, "decisions/0002.json", str(tmp_path)))
    assert json.loads(kept.read_text()) == {"log_loss": 0.5}
    assert len(client.list_artifacts(run, "decisions")) == 1


def test_journal_is_plain_text_that_reads_back(client: MlflowClient, registry: Registry) -> None:
    registry.record("promoted", "1", None, [])
    written = registry.record("rolled back", "2", "1", ["bad: {in production}", "two\nlines"])
    (text,) = [
        value
        for key, value in client.get_model_version(MODEL, "2").tags.items()
        if key.startswith("gate.entry.")
    ]
    assert text.splitlines() == [
        "rolled back",
        "champion before: 1",
        f"at: {written.at}",
        f"by: {written.by}",
        "reason: bad: {in production}",
        "reason: two lines",
    ]
    (first, _), (second, applied) = registry.journal()
    assert first.champion is None
    assert second == written.model_copy(update={"reasons": ("bad: {in production}", "two lines")})
    assert applied


def test_journal_of_earlier_code_is_read(client: MlflowClient, registry: Registry) -> None:
    before = {
        "number": 1, "action": "promoted", "version": "2", "champion": None,
        "at": "2026-11-25T17:20:52.818+00:00", "by": "root", "reasons": ["good"],
        "figures": {"metrics": {}}, "id": "abc",
    }  # fmt: skip
    client.set_model_version_tag(MODEL, "2", "gate.entry.0001.abc", json.dumps(before))
    registry.record("refused", "3", None, ["no"])
    entries = [entry for entry, _ in registry.journal()]
    assert [(entry.number, entry.reasons) for entry in entries] == [(1, ("good",)), (2, ("no",))]


def test_roles_are_kept_with_the_run_and_read_from_earlier_tags(
    client: MlflowClient, registry: Registry
) -> None:
    version = registry.version("1")
    assert registry.roles(version) is None
    client.set_model_version_tag(MODEL, "1", "roles", '{"split.seed": 1}')
    assert registry.roles(registry.version("1")) == '{"split.seed": 1}'
    registry.keep_roles(version, {"split.seed": 2})
    assert json.loads(str(registry.roles(registry.version("1")))) == {"split.seed": 2}


def test_reasons_too_long_for_a_tag_are_cut_in_the_journal(registry: Registry) -> None:
    reasons = [f"column x{number} is gone {'!' * 600}" for number in range(5000)]
    registry.record("refused", "2", None, reasons)
    ((entry, _),) = registry.journal()
    assert (entry.action, entry.version) == ("refused", "2")
    assert entry.reasons[0].startswith("column x0 is gone !")
    assert len(entry.model_dump_json()) < 20_000


def test_reference_that_cannot_be_read_is_trouble(client: MlflowClient, registry: Registry) -> None:
    version = registry.version("1")
    assert registry.training_profile(version) is None
    client.log_text(version.run_id, '{"columns": {}}', "reference.json")
    with pytest.raises(InputError, match=r"version 1: its reference.json cannot be read"):
        registry.training_profile(version)


@pytest.mark.parametrize("calls_before_death", range(7))
def test_interrupted_anywhere_leaves_one_champion_and_is_completed(
    client: MlflowClient,
    registry: Registry,
    monkeypatch: pytest.MonkeyPatch,
    calls_before_death: int,
) -> None:
    registry.record("promoted", "1", None, [])
    with monkeypatch.context() as patch:
        calls = 0

        def mortal(name: str) -> None:
            alive = getattr(MlflowClient, name)

            def call(*arguments: object, **more: object) -> object:
                nonlocal calls
                if calls >= calls_before_death:
                    raise KeyboardInterrupt
                calls += 1
                return alive(*arguments, **more)

            patch.setattr(MlflowClient, name, call)

        for name in (
            "set_registered_model_alias",
            "set_model_version_tag",
            "set_registered_model_tag",
            "delete_registered_model_tag",
        ):
            mortal(name)
        with pytest.raises(KeyboardInterrupt):
            registry.record("promoted", "2", "1", [])
    left = aliases(client)
    assert left["champion"] in {"1", "2"}
    # The claim of a dead process: of another machine it runs out, of this one it is seen.
    for key in client.get_registered_model(MODEL).tags:
        dead = {"host": "elsewhere", "pid": 1, "until": time.time() - 1}
        client.set_registered_model_tag(MODEL, key, json.dumps(dead))
    finished = registry.finish()
    began = any(entry.version == "2" for entry, _ in registry.journal())
    assert aliases(client) == ({"champion": "2", "previous": "1"} if began else {"champion": "1"})
    assert registry.finish() is None
    assert all(applied for _, applied in registry.journal())
    if finished:
        assert (finished.version, finished.action) == ("2", "promoted")
    # Nothing had to be completed or it was: either way the next decision clears the dead claim.
    registry.record("refused", "3", aliases(client)["champion"], ["no"])
    assert client.get_registered_model(MODEL).tags == {}


def test_interrupted_rollback_keeps_its_target(
    client: MlflowClient, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.record("promoted", "1", None, [])
    registry.record("promoted", "2", "1", [])
    real = MlflowClient.set_registered_model_alias
    with monkeypatch.context() as patch:

        def die_at_champion(self: MlflowClient, name: str, alias: str, version: str) -> None:
            if alias == "champion":
                raise KeyboardInterrupt
            real(self, name, alias, version)

        patch.setattr(MlflowClient, "set_registered_model_alias", die_at_champion)
        with pytest.raises(KeyboardInterrupt):
            registry.record("rolled back", "1", "2", ["bad in production"])
    assert aliases(client) == {"champion": "2", "previous": "2"}
    registry.finish()
    assert client.get_model_version(MODEL, "1").tags["gate"].startswith("made champion again on ")
    assert aliases(client) == {"champion": "1", "previous": "2"}
    (withdrawn,) = registry.withdrawals("2")
    assert withdrawn.reasons == ("bad in production",)
    registry.record("forced", "2", "1", ["it was the data"])
    assert registry.withdrawals("2") == []


def test_a_champion_that_changed_meanwhile_is_not_overwritten(
    client: MlflowClient, registry: Registry
) -> None:
    registry.record("promoted", "1", None, [])
    with pytest.raises(InputError, match="version 1 is champion by now and version none was"):
        registry.record("promoted", "2", None, [])
    assert aliases(client) == {"champion": "1"}
    assert len(registry.journal()) == 1


def test_an_alias_moved_by_hand_is_left_alone(client: MlflowClient, registry: Registry) -> None:
    registry.record("promoted", "1", None, [])
    entry = registry.record("promoted", "2", "1", [])
    client.delete_model_version_tag(MODEL, "2", f"gate.applied.{entry.id}")
    client.set_registered_model_alias(MODEL, "champion", "3")
    assert registry.finish() is None
    assert aliases(client)["champion"] == "3"


def test_unknown_version_is_named(registry: Registry) -> None:
    with pytest.raises(InputError, match="version '9' not found, want one of: 1, 2, 3"):
        registry.version("9")


def test_claim_of_the_living_is_waited_for_and_of_the_dead_removed(
    client: MlflowClient, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claim, "WAIT_S", 0.2)
    living = {"host": "elsewhere", "pid": 1, "until": time.time() + 60}
    client.set_registered_model_tag(MODEL, "gate.claim.a", json.dumps(living))
    with pytest.raises(InputError, match="another promotion has been going on"):
        registry.record("promoted", "1", None, [])
    assert aliases(client) == {}
    gone = multiprocessing.get_context("spawn").Process(target=int)
    gone.start()
    gone.join()
    dead = {"host": socket.gethostname(), "pid": gone.pid, "until": time.time() + 60}
    client.set_registered_model_tag(MODEL, "gate.claim.a", json.dumps(dead))
    client.set_registered_model_tag(MODEL, "gate.claim.b", "no claim at all")
    registry.record("promoted", "1", None, [])
    assert aliases(client) == {"champion": "1"}
    assert client.get_registered_model(MODEL).tags == {}


def test_only_one_holds_the_claim_at_a_time(client: MlflowClient, registry: Registry) -> None:
    inside, most, done = 0, 0, 0

    def work() -> None:
        nonlocal inside, most, done
        own = connect()
        for _ in range(2):
            with claim.claimed(own, MODEL):
                inside += 1
                most = max(most, inside)
                time.sleep(0.1)
                inside -= 1
                done += 1

    workers = [threading.Thread(target=work) for _ in range(3)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    assert (most, done) == (1, 6)
    assert client.get_registered_model(MODEL).tags == {}


def contend(uri: str, version: str, ready: Barrier) -> None:
    """In a process of its own: promote against no champion; the exit code says what came of it."""
    mlflow.set_tracking_uri(uri)
    registry = Registry(MODEL)
    ready.wait(60)
    try:
        registry.record("promoted", version, None, [])
    except InputError as error:
        os._exit(3 if "came first" in str(error) else 4)
    os._exit(0)


def test_of_concurrent_promotions_one_wins_and_the_others_say_so(
    client: MlflowClient, registry: Registry, tmp_path: Path
) -> None:
    spawn = multiprocessing.get_context("spawn")
    ready = spawn.Barrier(3)
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    contenders = [
        spawn.Process(target=contend, args=(uri, version, ready)) for version in ("1", "2", "3")
    ]
    for one in contenders:
        one.start()
    for one in contenders:
        one.join()
    assert sorted(one.exitcode or 0 for one in contenders) == [0, 3, 3]
    winner = 1 + [one.exitcode for one in contenders].index(0)
    assert aliases(client) == {"champion": str(winner)}
    (only,) = read_journal(client, MODEL)
    assert only[0].version == str(winner)

"""One promotion at a time, on whichever machines: a claim on the registered model."""

from __future__ import annotations

import json
import os
import random
import socket
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from mlflow import MlflowClient

from pipeline.config.errors import InputError

PREFIX = "gate.claim."
# A claim is held for the few calls that move the aliases, so one this old is of a dead process.
CLAIM_S = 60.0
WAIT_S = 90.0
# Between two looks; random, so that two who wait for each other come apart.
LOOK_S = (0.05, 0.5)


@contextmanager
def claimed(client: MlflowClient, model: str) -> Iterator[None]:
    """Hold the model's aliases and journal alone; `InputError` after waiting long for others.

    The registry knows no compare-and-set. So each contender writes a claim under a key of its own
    and then reads all claims: of two contenders, at least one sees the other's. A contender that
    sees no other claim goes on; one that does takes its own back and tries again later.
    """
    key = PREFIX + uuid.uuid4().hex
    deadline = time.monotonic() + WAIT_S
    while not _alone(client, model, key):
        if time.monotonic() > deadline:
            raise InputError(
                f"{model}: another promotion has been going on for {WAIT_S:g} s, want one at a"
                " time. Wait until it ends, then run make promote."
            )
        time.sleep(random.uniform(*LOOK_S))
    try:
        yield
    finally:
        client.delete_registered_model_tag(model, key)


def _alone(client: MlflowClient, model: str, key: str) -> bool:
    """Write the claim; keep it only if it is the only one that lives."""
    if _others(client, model, key):
        return False
    mine = {"host": socket.gethostname(), "pid": os.getpid(), "until": time.time() + CLAIM_S}
    client.set_registered_model_tag(model, key, json.dumps(mine))
    try:
        alone = not _others(client, model, key)
    except BaseException:
        client.delete_registered_model_tag(model, key)
        raise
    if not alone:
        client.delete_registered_model_tag(model, key)
    return alone


def _others(client: MlflowClient, model: str, key: str) -> bool:
    """Say whether somebody else's claim lives, and remove claims of dead processes."""
    living = False
    for name, value in client.get_registered_model(model).tags.items():
        if not name.startswith(PREFIX) or name == key:
            continue
        if _lives(value):
            living = True
        else:
            client.delete_registered_model_tag(model, name)
    return living


def _lives(value: str) -> bool:
    """Say whether a claim lives: not if it ran out, is unreadable, or its process here is gone."""
    try:
        claim = json.loads(value)
        if time.time() > float(claim["until"]):
            return False
        if claim["host"] == socket.gethostname():
            os.kill(int(claim["pid"]), 0)
    except PermissionError:
        return True
    except (ProcessLookupError, ValueError, KeyError, TypeError):
        return False
    return True

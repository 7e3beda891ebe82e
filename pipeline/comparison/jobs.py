"""The networks that the experiments need, each trained once and timed by experiment."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from pipeline.config.errors import InputError
from pipeline.config.sections.train import TrainParams
from pipeline.training.architecture import Architecture
from pipeline.training.fit import Fit, Member, Trainer

Clock = Callable[[str], AbstractContextManager[None]]


@dataclass(frozen=True, eq=False)
class Job:
    """One network to train, what to call it in an error, and whether its weights are wanted."""

    member: Member
    architecture: Architecture
    train: TrainParams
    name: str
    keep_weights: bool = True


def train_jobs(
    experiments: Mapping[str, Sequence[Job]], trainer: Trainer, clock: Clock
) -> dict[str, list[Fit]]:
    """Train each experiment's jobs, in their order; `InputError` if a fit has no finite loss.

    A fit is a pure function of its job, so a job that an earlier experiment shares is not trained
    again, and takes no time in the later one. clock: times each experiment by its name.
    """
    trained: dict[object, Fit] = {}
    for name, jobs in experiments.items():
        calls: dict[object, dict[object, Job]] = {}
        for job in jobs:
            if _identity(job) not in trained:
                calls.setdefault(_call(job), {}).setdefault(_identity(job), job)
        if calls:
            with clock(f"train: {name}"):
                for alike in calls.values():
                    trained |= _fits(alike, trainer)
    return {name: [trained[_identity(job)] for job in jobs] for name, jobs in experiments.items()}


def _fits(alike: Mapping[object, Job], trainer: Trainer) -> dict[object, Fit]:
    """Train jobs that share an architecture and the settings of the training."""
    first = next(iter(alike.values()))
    members = [job.member for job in alike.values()]
    fits = trainer(members, first.architecture, first.train, first.keep_weights)
    for job, fit in zip(alike.values(), fits, strict=True):
        if fit.failure:
            raise InputError(
                f"compare: {job.name} of seed {job.member.seed} failed ({fit.failure}), want a"
                " finite loss. Lower train.learning_rate, or look for extreme values."
            )
    return dict(zip(alike, fits, strict=True))


def _call(job: Job) -> tuple[Architecture, str, bool]:
    return job.architecture, job.train.model_dump_json(), job.keep_weights


def _identity(job: Job) -> object:
    member = job.member
    return (*_call(job), id(member.fold), member.regularization, member.seed)

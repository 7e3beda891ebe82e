"""Which networks the evidence needs, trained in as few calls of the trainer as possible."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pipeline.errors import InputError
from pipeline.params import TrainParams
from pipeline.training.fit import Fit, Member
from pipeline.training.network import Architecture

Trainer = Callable[[Sequence[Member], Architecture, TrainParams], list[Fit]]


@dataclass(frozen=True, eq=False)
class Job:
    """One network to train, and what to call it in an error."""

    member: Member
    architecture: Architecture
    train: TrainParams
    name: str


def train_jobs(jobs: Sequence[Job], trainer: Trainer) -> list[Fit]:
    """Fits in the order of the jobs; `InputError` if one has no finite loss.

    A fit is a pure function of its job, so equal jobs are trained once; and all jobs of one
    architecture and one setting of the training go to the trainer together.
    """
    calls: dict[tuple[Architecture, str], dict[object, Job]] = {}
    for job in jobs:
        calls.setdefault(_call(job), {}).setdefault(_identity(job), job)
    found: dict[object, Fit] = {}
    for alike in calls.values():
        first = next(iter(alike.values()))
        members = [job.member for job in alike.values()]
        fits = trainer(members, first.architecture, first.train)
        for (identity, job), fit in zip(alike.items(), fits, strict=True):
            if fit.failure:
                raise InputError(
                    f"compare: {job.name} of seed {job.member.seed} failed ({fit.failure}), want a"
                    " finite loss. Lower train.learning_rate, or look for extreme values."
                )
            found[identity] = fit
    return [found[_identity(job)] for job in jobs]


def _call(job: Job) -> tuple[Architecture, str]:
    return job.architecture, job.train.model_dump_json()


def _identity(job: Job) -> object:
    member = job.member
    return (*_call(job), id(member.fold), member.regularization, member.seed)

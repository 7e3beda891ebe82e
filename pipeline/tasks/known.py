"""List all tasks, and say which one a table is for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipeline.tasks.classification import CLASSIFICATION
from pipeline.tasks.regression import REGRESSION
from pipeline.tasks.task import Task, TaskName

TASKS: Mapping[TaskName, Task] = {task.name: task for task in (CLASSIFICATION, REGRESSION)}


def task_of(classes: Sequence[str] | int) -> Task:
    """Return the task of a table with these classes, or so many; without any, predict a number."""
    count = classes if isinstance(classes, int) else len(classes)
    return CLASSIFICATION if count else REGRESSION

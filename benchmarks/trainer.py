"""The trainer against its peers, and against the machine."""

from __future__ import annotations

from functools import partial

from benchmarks.peers import peers
from benchmarks.timing import alternate, seconds, sgemm_gflops
from benchmarks.workload import (
    MNIST_BATCH,
    default_architecture,
    default_folds,
    flops,
    members,
    mnist_architecture,
    mnist_like_folds,
)
from pipeline.config.params import load_params
from pipeline.training.trainers import trainer

STACKS = (5, 20, 40, 80)
EPOCHS = 100
ROUNDS = 3
MNIST_ROWS, MNIST_EPOCHS = 12_000, 2


def against_peers() -> dict[str, object]:
    """Milliseconds per member and epoch, and how many times slower than the stack each peer is."""
    train = load_params().train.model_copy(update={"max_epochs": EPOCHS})
    folds, architecture = default_folds(), default_architecture()
    found = peers()
    startup = seconds(lambda: trainer()(members(folds, 5), architecture, train))

    def unit(name: str, count: int) -> partial[object]:
        return partial(found[name], members(folds, count), architecture, train)

    sides = {f"stack of {count}": unit("stack", count) for count in STACKS}
    sides |= {name: unit(name, 1) for name in found if name not in {"stack", "jax"}}
    counts = {f"stack of {count}": count for count in STACKS}
    if "jax" in found:
        for count in (5, 40):
            name = f"jax vmap of {count}"
            sides[name], counts[name] = unit("jax", count), count
    taken = alternate(sides, ROUNDS)
    ms = {name: 1e3 * taken[name] / EPOCHS / counts.get(name, 1) for name in taken}
    return {
        "ms_per_member_and_epoch": ms,
        "times_faster_than": {
            f"stack of {count}": {
                name: value / ms[f"stack of {count}"]
                for name, value in ms.items()
                if not name.startswith("stack")
            }
            for count in STACKS
        },
        "first_fit_s": startup,
    }


def against_machine() -> dict[str, object]:
    """Share of the machine's own matrix product, for both reference networks."""
    train = load_params().train
    sgemm = sgemm_gflops()
    shares: dict[str, object] = {"sgemm_gflops": sgemm}
    cases = {
        "default network": (default_folds(), default_architecture(), 40, train, 30),
        "784-128-64-10": (
            mnist_like_folds(MNIST_ROWS, 5),
            mnist_architecture(),
            5,
            train.model_copy(update={"batch_size": MNIST_BATCH}),
            MNIST_EPOCHS,
        ),
    }
    for name, (folds, architecture, count, settings, epochs) in cases.items():
        settings = settings.model_copy(update={"max_epochs": epochs})
        some = members(folds, count)
        work = partial(trainer(), some, architecture, settings)
        taken = alternate({name: work}, ROUNDS)[name]
        done = sum(flops(architecture, len(m.fold.fit), len(m.fold.stop)) for m in some) * epochs
        gflops = done / taken / 1e9
        shares[name] = {"gflops": gflops, "share_of_sgemm": gflops / sgemm}
    return shares

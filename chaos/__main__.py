"""Inject faults, print what became of each, and exit with 1 if anything was lost or doubled."""

from __future__ import annotations

import argparse
import re
import shutil
import tempfile
from pathlib import Path
from random import Random

from chaos.campaign import Account, full, inject, short
from chaos.site import Site


def main() -> None:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--short", action="store_true", help="a few faults, for CI")
    parser.add_argument("--seed", type=int, default=0, help="of the instants and sizes")
    parser.add_argument("--only", default="", help="faults whose kind and stage match this pattern")
    arguments = parser.parse_args()
    plan = [
        faults
        for faults in (short() if arguments.short else full())
        if any(re.search(arguments.only, f"{fault.name} {fault.target}") for fault in faults)
    ]
    folder = Path(tempfile.mkdtemp(prefix="chaos-"))
    accounts: list[Account] = []
    site = Site.prepare(folder)
    for number, faults in enumerate(plan):
        account = inject(site, faults, Random(f"{arguments.seed} {number}"))
        accounts.append(account)
        _show(account, number)
    good = _summary(accounts)
    if good:
        shutil.rmtree(folder)
    else:
        print(f"What the commands printed: {folder}/commands.log")
    raise SystemExit(0 if good else 1)


def _show(account: Account, number: int) -> None:
    names = ", ".join(fault.name for fault in account.faults)
    verdict = "as undisturbed" if account.good else "WRONG"
    if not account.injected:
        verdict = "not possible here"
    target = account.faults[0].target
    print(f"{number:>3}  {target:<8} {names:<34} {account.seconds:5.0f} s  {verdict}", flush=True)
    if account.impossible:
        print(f"     {account.impossible}")
    if account.wrong:
        print("     " + account.wrong.strip().replace("\n", "\n     "))
    if account.difference:
        for line in account.difference.rest[:20]:
            print(f"     {line[:300]}")


def _summary(accounts: list[Account]) -> bool:
    differences = [account.difference for account in accounts if account.difference]
    counts = {
        "faults injected": sum(account.injected for account in accounts),
        "trials or runs lost": sum(one.lost for one in differences),
        "trials or runs doubled": sum(one.doubled for one in differences),
        "checkouts not as undisturbed": sum(not account.good for account in accounts),
        "not possible here": sum(account.impossible is not None for account in accounts),
    }
    print()
    for name, count in counts.items():
        print(f"{name:<30}{count:>5}")
    return all(account.good for account in accounts) and counts["faults injected"] > 0


if __name__ == "__main__":
    main()

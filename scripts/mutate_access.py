"""Removes one clause of the access rules at a time, in memory alone; ends with 1 when the proof does not notice one."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import structlog  # noqa: E402
from hypothesis import settings  # noqa: E402
from proof.company import Ground  # noqa: E402
from proof.laboratory import Laboratory  # noqa: E402
from proof.mutants import SourceMoved  # noqa: E402
from proof.mutation import fates  # noqa: E402
from proof.story import TENANTS  # noqa: E402

from search.localstack import temporary_stack  # noqa: E402


def main() -> int:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    settings.register_profile("mutants", derandomize=True, deadline=None, database=None)
    settings.load_profile("mutants")
    found = []
    with temporary_stack(heap="1g") as endpoints, Laboratory(endpoints) as laboratory:
        try:
            for fate in fates(laboratory, [Ground(laboratory, tenant) for tenant in TENANTS]):
                print(fate, f"\n{'':25}{fate.noticed}" if fate.noticed else "", flush=True)
                found.append(fate)
        except SourceMoved as error:
            print(error)
            return 1
    survivors = sum(fate.noticed is None for fate in found)
    print(f"{len(found)} mutants, {survivors} survived")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())

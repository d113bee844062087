"""`make fuzz-access`: the proof of access with new stories, for as long as one likes."""

from __future__ import annotations

import argparse
import logging
import random
import sys
import time
from itertools import count

import structlog
from proof.asking import Tally
from proof.company import Ground
from proof.laboratory import Laboratory
from proof.story import TENANTS, tell

from search.localstack import temporary_stack

STORIES = 20
"""Between two lines of progress; each twenty have a seed of their own."""


def main() -> int:
    """0 when the time is over or somebody has had enough, 1 at the first answer that is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=float("inf"), help="until interrupted, unless given")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="of the first stories; random")
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    tally = Tally()
    with temporary_stack(heap="1g") as endpoints, Laboratory(endpoints) as laboratory:
        end = time.monotonic() + options.seconds
        grounds = [Ground(laboratory, tenant) for tenant in TENANTS]
        for seed in count(options.seed):
            try:
                tell(laboratory, grounds, tally, STORIES, seed=seed)
            except KeyboardInterrupt:
                break
            except Exception as error:
                print(*getattr(error, "__notes__", ()), sep="\n")
                print(f"{error}\nWrong after {tally}. Again: make fuzz-access SEED={seed}")
                return 1
            print(f"seed {seed}: {tally}", flush=True)
            if time.monotonic() > end:
                break
    print(tally)
    return 0


if __name__ == "__main__":
    sys.exit(main())

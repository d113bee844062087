"""How Hypothesis is told to make examples: the same ones each time, unless there is a seed."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, settings

FIRST_ONLY = (Phase.explicit, Phase.generate)


def proof(examples: int, *, steps: int = 1, repeatable: bool = True, shrink: bool = True) -> settings:
    """Settings for so many examples; without `shrink` the first that fails is as good as any."""
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        derandomize=repeatable,
        deadline=None,
        database=None,
        phases=(*FIRST_ONLY, Phase.shrink) if shrink else FIRST_ONLY,
        suppress_health_check=list(HealthCheck),
    )

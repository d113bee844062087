"""Factors, signals and weights: made of what may be told, the same each time, and right where there is an answer."""

from __future__ import annotations

import numpy as np
import pytest
from implicit.als import AlternatingLeastSquares
from recommendkit import TODAY, Office, app
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

from search.recommend import content, factors, fitting
from search.recommend.model import Model
from search.recommend.signals import Signal, signals
from search.recommend.stored import documents, model_of

APPS = [app(f"a{number}") for number in range(8)]
NAMES = [one.id for one in APPS]


def two_crowds() -> Office:
    """One crowd uses the first four apps, another one the rest; everybody of a crowd three of its four."""
    office = Office()
    for crowd, of in enumerate((NAMES[:4], NAMES[4:])):
        people = office.staff(200, f"department:d{crowd}")
        for place, person in enumerate(people):
            mine = [name for number, name in enumerate(of) if number != place % 4]
            office.uses([person], *mine[:2], first=150)
            office.uses([person], mine[2], first=5 + place / 200)
    return office


@pytest.fixture(scope="module")
def model() -> Model:
    return two_crowds().training(APPS).model(1, None)


def places(*names: str) -> np.ndarray:
    return np.array([NAMES.index(name) for name in names], dtype=np.intp)


def best(model: Model, *used: str, groups: frozenset[str] = frozenset()) -> list[str]:
    scores = signals(model, places(*used), groups) @ fitting.weight_of(model)
    return [NAMES[place] for place in np.argsort(-scores, kind="stable").tolist() if NAMES[place] not in used]


def test_what_goes_together_is_recommended(model: Model) -> None:
    assert set(best(model, "a0", "a1")[:2]) == {"a2", "a3"}
    assert set(best(model, "a5", "a6")[:2]) == {"a4", "a7"}


def test_newcomers_get_what_their_department_uses(model: Model) -> None:
    assert set(best(model, groups=frozenset({"department:d1"}))[:4]) == {"a4", "a5", "a6", "a7"}


def test_and_what_their_role_uses() -> None:
    office = Office()
    office.uses(office.staff(60, "department:d", "role:hr")[:40], "a3")
    office.uses(office.staff(60, "department:d")[:40], "a1", "a2")
    found = office.training(APPS).model(1, None)
    assert best(found, groups=frozenset({"department:d", "role:hr"}))[0] == "a3"
    assert best(found, groups=frozenset({"department:d"}))[0] != "a3"


def test_weights_are_fitted_on_what_was_taken_up_later_and_stand_for_a_week(model: Model) -> None:
    assert model.weights.values != fitting.USUAL
    assert model.weights.fitted == TODAY
    assert min(model.weights.values.values()) >= 0
    assert two_crowds().training(APPS, day=TODAY + 6).model(2, model).weights == model.weights
    assert two_crowds().training(APPS, day=TODAY + 7).model(2, model).weights.fitted == TODAY + 7


def test_a_log_too_small_to_fit_has_the_usual_weights() -> None:
    office = Office()
    office.uses(office.staff(50)[:20], "a0")
    assert office.training(APPS).model(1, None).weights.values == fitting.USUAL


def test_the_same_use_gives_the_same_model_whatever_its_order() -> None:
    office, other = two_crowds(), two_crowds()
    other.opened = dict(reversed(other.opened.items()))
    one, two = (documents(each.training(APPS).model(1, None)) for each in (office, other))
    assert one == two


def test_one_more_person_changes_nothing_within_a_week(model: Model) -> None:
    """Whoever asks before and after somebody has opened an app is told the same."""
    office = two_crowds()
    office.uses([next(iter(office.groups))], "a7", last=0)
    after = office.training(APPS, day=TODAY + 1).model(1, model)
    assert np.array_equal(after.cells.steps, model.cells.steps)
    assert np.array_equal(after.factors, model.factors)


def test_somebody_s_factors_are_those_of_the_library(model: Model) -> None:
    used = places("a1", "a2", "a6")
    with threadpool_limits(1, "blas"):
        theirs = AlternatingLeastSquares(
            factors=factors.FACTORS,
            alpha=factors.CONFIDENCE,
            regularization=factors.REGULARISATION,
            num_threads=1,
            use_gpu=False,
        )
    theirs.item_factors = model.factors
    row = csr_matrix((np.ones(3), (np.zeros(3, dtype=int), used)), (1, len(NAMES)))
    expected = theirs.recalculate_user(0, row)
    assert factors.of_somebody(model.factors, model.squared, used) == pytest.approx(
        np.ravel(expected), rel=1e-3, abs=1e-5
    )


def test_of_an_app_below_the_rule_no_factor_is_left() -> None:
    office = two_crowds()
    office.uses(list(office.groups)[:10], "quiet")
    found = office.training([*APPS, app("quiet")]).model(1, None)
    assert not found.factors[-1].any()
    assert found.factors[:-1].any(axis=1).all()


def test_a_model_is_the_same_when_it_has_been_stored(model: Model) -> None:
    again = model_of(documents(model))
    assert again is not None
    assert documents(again) == documents(model)
    used, groups = places("a0"), frozenset({"department:d0"})
    assert np.array_equal(signals(again, used, groups), signals(model, used, groups))
    assert model_of({name: one | {"version": 0} for name, one in documents(model).items()}) is None


def test_a_new_app_is_fresh_and_an_old_one_is_not() -> None:
    office = Office()
    office.uses(office.staff(50)[:20], "a0")
    found = office.training([app("a0"), app("new", days_old=0), app("month", days_old=30)]).model(1, None)
    fresh = signals(found, places(), frozenset())[:, Signal.FRESH]
    assert fresh.tolist() == pytest.approx([0, 1, 0.5], abs=1e-3)


def test_what_says_the_same_of_itself_is_alike() -> None:
    office = Office()
    office.uses(office.staff(50)[:20], "taxi")
    apps = [
        app("taxi", "快车打车", category="出行", text="叫出租车和快车"),
        app("ride", "专车出行", category="出行", text="预约专车和出租车"),
        app("pay", "报销助手", category="财务", text="提交发票报销"),
    ]
    alike = office.training(apps).model(1, None).alike
    assert alike[0, 1] > 0.2 > alike[0, 2] == 0
    assert content.likeness(apps[:2])[0, 1] == alike[0, 1]
    assert alike.diagonal().tolist() == [0, 0, 0]

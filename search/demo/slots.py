"""Fills the slots of templates; one conversation names the same ticket, system and customer throughout."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from random import Random

CHINA = timezone(timedelta(hours=8))
_WEEKDAYS = "一二三四五六日"


def dice(seed: int, part: str) -> Random:
    """Return a random source for one part, so that a change to one part leaves the others as they were."""
    return Random(f"{seed}:{part}")  # noqa: S311 - a demo has to be the same every time


class Slots(dict[str, str]):
    """Values for the slots of templates: names are chosen once and kept, plain figures are chosen every time.

    `words`: choices per slot, which may be templates themselves. `known`: slots with a fixed value.
    """

    def __init__(
        self, words: Mapping[str, Sequence[str]], moment: datetime, chance: Random, known: Mapping[str, str]
    ) -> None:
        super().__init__(known)
        self.moment = moment.astimezone(CHINA)
        self.chance = chance
        self._words = words

    def __missing__(self, slot: str) -> str:
        if slot in _FIGURES:
            return _FIGURES[slot](self)
        value = self.say(self.chance.choice(self._words[slot])) if slot in self._words else _MADE[slot](self)
        self[slot] = value
        return value

    def say(self, template: str) -> str:
        return template.format_map(self)


def _day(slots: Slots) -> str:
    """Return a day soon after the moment, as people say it."""
    later = slots.moment + timedelta(days=slots.chance.randint(1, 9))
    names = ["明天", "后天", "下周一", f"周{_WEEKDAYS[later.weekday() % 5]}", f"{later.month}月{later.day}日"]
    return slots.chance.choice(names)


def _number(low: int, high: int) -> Callable[[Slots], str]:
    return lambda slots: str(slots.chance.randint(low, high))


def _percent(low: float, high: float) -> Callable[[Slots], str]:
    return lambda slots: f"{slots.chance.uniform(low, high):.1f}%"


def _amount(slots: Slots) -> str:
    return f"{slots.chance.uniform(3, 980):.1f}万"


def _address(slots: Slots) -> str:
    return f"10.{slots.chance.randint(8, 40)}.{slots.chance.randint(0, 30)}.{slots.chance.randint(2, 250)}"


def _version(slots: Slots) -> str:
    chance = slots.chance
    return f"v{chance.randint(1, 4)}.{chance.randint(0, 24)}.{chance.randint(0, 9)}"


def _link(slots: Slots) -> str:
    return f"https://wiki.{slots['domain']}/{slots['prefix'].lower()}/{slots.chance.randint(1000, 99999)}"


def _quarter(slots: Slots) -> str:
    """Return the quarter that people speak of: mostly the last one, sometimes the present one."""
    present = (slots.moment.month - 1) // 3
    return f"Q{(present - (slots.chance.random() < 0.75)) % 4 + 1}"


_FIGURES: Mapping[str, Callable[[Slots], str]] = {
    "n": _number(2, 9),
    "m": _number(1, 9),
    "nn": _number(12, 96),
    "pct": _percent(8, 30),
    "pct2": _percent(0.5, 7.5),
    "day": _day,
}
_MADE: Mapping[str, Callable[[Slots], str]] = {
    "amount": _amount,
    "amount2": _amount,
    "ip": _address,
    "v": _version,
    "link": _link,
    "key": lambda slots: f"{slots['prefix']}-{slots.chance.randint(1001, 9899)}",
    "date": lambda slots: f"{slots.moment.year}年{slots.moment.month}月{slots.moment.day}日",
    "year": lambda slots: str(slots.moment.year),
    "month": lambda slots: f"{slots.moment.month}月",
    "week": lambda slots: str((slots.moment.day - 1) // 7 + 1),
    "quarter": _quarter,
}

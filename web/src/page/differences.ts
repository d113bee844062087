/** What two people find, side by side: what both do, and what only one does. */

export interface Side {
  ids: readonly string[];
  /** Whether these are all: nothing is left to load, and nothing failed. */
  whole: boolean;
}

/** What stands on one side alone. `sure`: the other side is whole, so that its caller does not find it at all. */
export interface Difference {
  only: ReadonlySet<string>;
  sure: boolean;
}

export interface Differences {
  both: number;
  sides: [Difference, Difference];
}

/** Compare two lists of hits. */
export function differencesOf(one: Side, other: Side): Differences {
  const alone = (here: Side, there: Side): Difference => {
    const known = new Set(there.ids);
    return { only: new Set(here.ids.filter((id) => !known.has(id))), sure: there.whole };
  };
  const sides: [Difference, Difference] = [alone(one, other), alone(other, one)];
  return { both: one.ids.length - sides[0].only.size, sides };
}

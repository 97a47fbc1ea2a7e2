/** A weekly pattern on the page: rows of seven places in `members`, -1 where this rotation leaves a day alone. */
export const NOBODY = -1
export const WEEKDAYS = [0, 1, 2, 3, 4, 5, 6] as const
export const MOST_WEEKS = 8

/** The stored numbers as rows, Monday first; at least one row. */
export function rows(weeks: readonly number[]): number[][] {
  const found: number[][] = []
  for (let at = 0; at < weeks.length; at += 7) found.push(weeks.slice(at, at + 7))
  return found.length > 0 ? found : [emptyWeek()]
}

export function emptyWeek(): number[] {
  return WEEKDAYS.map(() => NOBODY)
}

/** A member leaves the pattern: their days are nobody's, and who stood behind them moves up. */
export function withoutMember(weeks: readonly number[][], gone: number): number[][] {
  return weeks.map((week) => week.map((place) => (place === gone ? NOBODY : place > gone ? place - 1 : place)))
}

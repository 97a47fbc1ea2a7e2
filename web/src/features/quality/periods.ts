/** Days of China's calendar that people close or ask for as a whole. */
const CHINA_MS = 8 * 3_600_000

export interface Days {
  first_day: string
  last_day: string
}

function day(year: number, month: number, date: number): string {
  return new Date(Date.UTC(year, month, date)).toISOString().slice(0, 10)
}

/** The calendar month before the one in which `now` falls. */
export function lastMonth(now: number): Days {
  const today = new Date(now + CHINA_MS)
  const [year, month] = [today.getUTCFullYear(), today.getUTCMonth()]
  return { first_day: day(year, month - 1, 1), last_day: day(year, month, 0) }
}

/** The data year of an assessment: 1 January to 31 December of the previous year. */
export function lastYear(now: number): Days {
  const year = new Date(now + CHINA_MS).getUTCFullYear() - 1
  return { first_day: day(year, 0, 1), last_day: day(year, 11, 31) }
}

export type Whole = 'last_quarter' | 'this_year' | 'last_year' | 'return_year'

/** Quarters and years as spans; the year of returns runs from October to September (待核实). */
export function wholes(now: number): [Whole, string][] {
  const today = new Date(now + CHINA_MS)
  const [year, month] = [today.getUTCFullYear(), today.getUTCMonth()]
  const quarter = Math.floor(month / 3) * 3
  const ended = month >= 9 ? year : year - 1
  return [
    ['last_quarter', `${day(year, quarter - 3, 1)}..${day(year, quarter, 0)}`],
    ['this_year', `${day(year, 0, 1)}..${day(year, 11, 31)}`],
    ['last_year', `${day(year - 1, 0, 1)}..${day(year - 1, 11, 31)}`],
    ['return_year', `${day(ended - 1, 9, 1)}..${day(ended, 8, 30)}`],
  ]
}

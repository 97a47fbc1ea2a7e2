/** Days of China's calendar that people close, and what a member counts as in words. */
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

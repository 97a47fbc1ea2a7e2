import { describe, expect, it } from 'vitest'

import { lastMonth, lastYear, wholes } from './periods'

describe('days that people close', () => {
  it.each([
    ['2026-11-27T08:00:00Z', '2026-10-01', '2026-10-31'],
    ['2026-01-05T00:00:00Z', '2025-12-01', '2025-12-31'],
    // Already March in China.
    ['2028-02-29T16:00:00Z', '2028-02-01', '2028-02-29'],
  ])('at %s the last month is %s to %s', (now, first_day, last_day) => {
    expect(lastMonth(Date.parse(now))).toEqual({ first_day, last_day })
  })

  it('takes the year that has ended in China', () => {
    expect(lastYear(Date.parse('2025-12-31T16:00:00Z'))).toEqual({ first_day: '2025-01-01', last_day: '2025-12-31' })
  })

  it.each([
    ['2026-11-28T00:00:00Z', ['2026-07-01..2026-09-30', '2026-01-01..2026-12-31', '2025-01-01..2025-12-31', '2025-10-01..2026-09-30']],
    // Already the first of January, and of October, in China.
    ['2025-12-31T16:00:00Z', ['2025-10-01..2025-12-31', '2026-01-01..2026-12-31', '2025-01-01..2025-12-31', '2024-10-01..2025-09-30']],
    ['2026-09-30T16:00:00Z', ['2026-07-01..2026-09-30', '2026-01-01..2026-12-31', '2025-01-01..2025-12-31', '2025-10-01..2026-09-30']],
  ])('at %s whole quarters and years are offered', (now, spans) => {
    expect(wholes(Date.parse(now)).map(([, span]) => span)).toEqual(spans)
  })
})

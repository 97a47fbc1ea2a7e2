import { describe, expect, it } from 'vitest'

import { notesOf } from './chartNotes'
import type { ControlChart, Definition, IndicatorScope } from './types'

const point = (month: string, n: number | null, signal: 'outside' | 'run' | null = null) => ({ month, n, value: n, low: null, high: null, signal })
const definition = { version: 3, valid_from: '2026-10-05' } as Definition
const scope = { from: '2026-08-30T04:00:00Z', to: '2026-11-30T16:00:00Z' } as IndicatorScope

describe('notes under a chart', () => {
  it('say which months are parts, small or changed, and where the definition begins', () => {
    const chart = { kind: 'p', centre: 3, points: [point('2026-08', 9), point('2026-09', null), point('2026-10', 12, 'outside'), point('2026-11', 8, 'run')] } as unknown as ControlChart
    expect(notesOf(chart, definition, scope)).toEqual([
      { name: 'part', month: '2026-08', said: { from: '2026-08-30', to: '2026-08-31' } },
      { name: 'small', month: '2026-09', said: {} },
      { name: 'outside', month: '2026-10', said: {} },
      { name: 'definition', month: '2026-10', said: { version: '3', at: '2026-10-05' } },
      { name: 'run', month: '2026-11', said: {} },
    ])
  })

  it('say that the running month is not over', () => {
    const chart = { kind: 'u', centre: null, points: [point('2026-02', 9)] } as unknown as ControlChart
    const running = { from: '2026-01-31T16:00:00Z', to: '2026-02-27T03:00:00Z' } as IndicatorScope
    expect(notesOf(chart, definition, running)).toEqual([{ name: 'part', month: '2026-02', said: { from: '2026-02-01', to: '2026-02-27' } }])
  })
})

import { describe, expect, it } from 'vitest'

import type { CaseClock, ClockSet, RunningClock } from '@/api/course'

import { MOST, bigNumbers } from './numbers'

const words = { zh: '甲', en: 'a' }
const at = (minutes: number) => new Date(Date.parse('2026-11-22T03:00:00Z') + minutes * 60_000).toISOString()
const SET: ClockSet = { code: 'ddi', version: 1, name: words, keys: [], source: '', confidence: 'B', to_be_verified: true }
const TARGET = { seconds: 60, text: words, source: '', confidence: 'V' as const, to_be_verified: false }

function running(code: string, startedAt: number, due: number | null, over: Partial<RunningClock> = {}): RunningClock {
  return {
    code, set: 'ddi', version: 1, name: words, from_milestone: 'a', to_milestone: 'b', state: 'running', started_at: at(startedAt), stopped_at: null,
    elapsed_s: null, due_at: due === null ? null : at(due), overdue: false, late: false, target: null, breaches: [], owner: null, delays: [],
    next_step_at: null, next_step_who: null, ...over,
  }
}
const shown = (clocks: RunningClock[], set: ClockSet | null = SET) =>
  bigNumbers({ case_id: 'c', server_time: at(0), ended: false, drill: false, demo: false, may_act: true, milestones: [], sets: [], prompts: [], clocks } satisfies CaseClock, set).map((c) => c.code)

describe('the numbers of the big clock', () => {
  it('show one number once: of clocks begun together the one with a target', () => {
    expect(shown([running('to_theatre', 0, null), running('ddi', 0, 30), running('to_incision', 0, null)])).toEqual(['ddi'])
  })

  it('put the chosen set first, then what else runs towards a target', () => {
    const blood = running('blood', 5, 20, { set: 'blood' })
    const road = running('road', 6, null, { set: 'transport' })
    expect(shown([blood, road, running('ddi', 0, 30)])).toEqual(['ddi', 'blood'])
  })

  it('keep the result of a clock that has stopped', () => {
    expect(shown([running('ddi', 0, 30, { state: 'stopped', target: TARGET })])).toEqual(['ddi'])
    expect(shown([])).toEqual([])
  })

  it('are never more than fit', () => {
    expect(shown(Array.from({ length: 9 }, (_, i) => running(`c${i}`, i, 30 + i)))).toHaveLength(MOST)
  })
})

import { describe, expect, it } from 'vitest'

import type { CaseClock, ClockSet, Milestone, RunningClock } from '@/api/course'

import { asked, byUrgency, clockMs, isOver, mainSet, overMs, undoable, unowned } from './reading'

const T0 = Date.parse('2026-11-22T03:00:00Z')
const at = (minutes: number) => new Date(T0 + minutes * 60_000).toISOString()
const words = { zh: '甲', en: 'a' }

function running(code: string, dueMinutes: number | null, over: Partial<RunningClock> = {}): RunningClock {
  return {
    code, set: 'ddi', version: 1, name: words, from_milestone: 'a', to_milestone: 'b', state: 'running',
    started_at: at(0), stopped_at: null, elapsed_s: null, due_at: dueMinutes === null ? null : at(dueMinutes), overdue: false, late: false,
    target: null, breaches: [], owner: null, delays: [], next_step_at: null, next_step_who: null, ...over,
  }
}

function aSet(code: string): ClockSet {
  return { code, version: 1, name: words, keys: [], source: '', confidence: 'B', to_be_verified: true }
}

function aClock(over: Partial<CaseClock> = {}): CaseClock {
  return {
    case_id: 'c', server_time: at(0), ended: false, drill: false, demo: false, may_act: true,
    milestones: [], sets: [], clocks: [], prompts: [], ...over,
  }
}

describe('a clock', () => {
  it('runs by the server’s now and stops at the server’s number', () => {
    expect(clockMs(running('x', 10), T0 + 61_000)).toBe(61_000)
    expect(clockMs(running('x', 10, { state: 'stopped', elapsed_s: 42 }), T0 + 1e9)).toBe(42_000)
    expect(clockMs(running('x', 10, { state: 'inconsistent' }), T0)).toBeNull()
  })

  it('without a target is never over; with one it says by how much', () => {
    expect(isOver(running('x', null), T0 + 1e9)).toBe(false)
    expect(overMs(running('x', 10), T0 + 9 * 60_000)).toBeNull()
    expect(overMs(running('x', 10), T0 + 11 * 60_000)).toBe(60_000)
    expect(overMs(running('x', 10, { state: 'stopped', stopped_at: at(12), overdue: true }), T0 + 1e9)).toBe(120_000)
  })
})

describe('the clocks of a case', () => {
  const stopped = running('done', 1, { state: 'stopped' })
  const clocks = [running('later', 20), stopped, running('no target', null), running('first', 5)]

  it('show the tightest first and the stopped last', () => {
    expect(byUrgency(clocks).map((c) => c.code)).toEqual(['first', 'later', 'no target', 'done'])
  })

  it('ask for an owner only past the target, and not twice', () => {
    const now = T0 + 6 * 60_000
    expect(unowned(aClock({ clocks }), now)?.code).toBe('first')
    expect(unowned(aClock({ clocks }), T0)).toBeNull()
    const owned = running('first', 5, { owner: { person: null, at: at(6) } })
    expect(unowned(aClock({ clocks: [owned] }), now)).toBeNull()
  })

  it('ask a prompt when its moment has come', () => {
    const prompt = { code: 'p', set: 'ddi', words, ask_at: at(5), records: 'blood_requested', to_be_verified: true }
    expect(asked(aClock({ prompts: [prompt] }), T0)).toEqual([])
    expect(asked(aClock({ prompts: [prompt] }), T0 + 5 * 60_000)).toEqual([prompt])
    const twin = { ...prompt, code: 'q', set: 'pph' }
    expect(asked(aClock({ prompts: [prompt, twin] }), T0 + 5 * 60_000)).toEqual([prompt])
  })

  it('begin with her own emergency, the one that started last', () => {
    const sets = [aSet('referral'), aSet('pph'), aSet('ddi')]
    expect(mainSet(aClock({ sets }))?.code).toBe('pph')
    expect(mainSet(aClock({ sets, clocks: [running('x', null)] }))?.code).toBe('ddi')
    expect(mainSet(aClock({ sets: [aSet('referral')] }))?.code).toBe('referral')
    expect(mainSet(aClock())).toBeNull()
  })
})

describe('a slip of the finger', () => {
  const pressed = (seq: number, seconds: number, mine = true): Milestone => ({
    name: `m${seq}`, words, seq, at: at(0), recv_at: new Date(T0 + seconds * 1000).toISOString(), device_at: null, source: 'human',
    auto: false, late: false, amended: false, actor: null, facility: null, urgency_class: null, place: null, anaesthesia: null,
    undo_until: mine ? new Date(T0 + (seconds + 30) * 1000).toISOString() : null,
  })

  it('is the newest of one’s own, for ten seconds', () => {
    const clock = aClock({ milestones: [pressed(4, 0), pressed(5, 4), pressed(6, 5, false)] })
    expect(undoable(clock, T0 + 6_000, 10_000)?.seq).toBe(5)
    expect(undoable(clock, T0 + 15_000, 10_000)).toBeNull()
  })
})

import { describe, expect, it } from 'vitest'

import type { CaseClock, Milestone, RunningClock } from '@/api/course'

import { linePoints } from './line'

const T0 = Date.parse('2026-11-22T03:00:00Z')
const at = (minutes: number) => new Date(T0 + minutes * 60_000).toISOString()

function reached(name: string, minutes: number): Milestone {
  return {
    name, words: { zh: name, en: name }, seq: minutes, at: at(minutes), recv_at: at(minutes), device_at: null, source: 'human', auto: false,
    late: false, amended: false, actor: null, facility: null, urgency_class: null, place: null, anaesthesia: null, undo_until: null,
  }
}

function running(to: string, dueMinutes: number | null): RunningClock {
  return {
    code: `x_to_${to}`, set: 'x', version: 1, name: { zh: '', en: '' }, from_milestone: 'request', to_milestone: to, state: 'running',
    started_at: at(0), stopped_at: null, elapsed_s: null, due_at: dueMinutes === null ? null : at(dueMinutes), overdue: false, late: false, target: null,
    breaches: [], owner: null, delays: [], next_step_at: null, next_step_who: null,
  }
}

function clock(milestones: Milestone[], clocks: RunningClock[], ended = false): CaseClock {
  return { case_id: 'c', server_time: at(0), ended, drill: false, demo: false, may_act: true, milestones, sets: [], clocks, prompts: [] }
}

describe('the line of a case', () => {
  it('shows what was reached, then the rest of the usual way', () => {
    const names = linePoints(clock([reached('request', 0), reached('accepted', 6)], []), T0).map((p) => p.name)
    expect(names).toEqual(['request', 'accepted', 'committed', 'departed', 'arrived', 'handed_over', 'closed'])
  })

  it('puts the tightest target at the milestone where it ends', () => {
    const points = linePoints(clock([reached('request', 0)], [running('accepted', 10), running('accepted', 7)]), T0)
    expect(points.find((p) => p.name === 'accepted')?.dueAt).toBe(at(7))
  })

  it('turns late by itself, without asking the server again', () => {
    const one = clock([reached('request', 0)], [running('accepted', 10)])
    const late = (minutes: number) => linePoints(one, T0 + minutes * 60_000).find((p) => p.name === 'accepted')?.exceeded.length
    expect([late(9), late(11)]).toEqual([0, 1])
  })

  it('asks for no departure from a woman who is guided where she is', () => {
    const names = linePoints(clock([reached('request', 0), reached('guided_in_place', 5)], []), T0).map((p) => p.name)
    expect(names).toEqual(['request', 'guided_in_place', 'closed'])
  })

  it('expects nothing more of an ended case', () => {
    expect(linePoints(clock([reached('request', 0)], [running('accepted', 10)], true), T0)).toHaveLength(1)
  })
})

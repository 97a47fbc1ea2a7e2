import { describe, expect, it } from 'vitest'

import type { Consult } from '@/shared/consults/types'

import { byDay, waitsFor } from './timer'

const AT = '2026-11-26T08:00:00Z'
const plain = { state: 'asked', answer_by: AT, planned_at: null, decide_by: null } as const

describe('what a consultation waits for', () => {
  it('names the next moment of every state that has one', () => {
    expect(waitsFor(plain)).toEqual({ what: 'answer', until: AT })
    expect(waitsFor({ ...plain, state: 'agreed' })).toBeNull()
    expect(waitsFor({ ...plain, state: 'agreed', planned_at: AT })).toEqual({ what: 'begin', until: AT })
    expect(waitsFor({ ...plain, state: 'concluded', decide_by: AT })).toEqual({ what: 'decide', until: AT })
    for (const state of ['underway', 'closed', 'cancelled'] as const) expect(waitsFor({ ...plain, state })).toBeNull()
  })

  it('puts planned ones under their day and leaves out those without a time', () => {
    const consult = (id: string, planned_at: string | null) => ({ id, planned_at }) as Consult
    const days = byDay([consult('a', '2026-11-26T08:00:00'), consult('b', null), consult('c', '2026-11-26T19:30:00'), consult('d', '2026-11-27T09:00:00')])
    expect(days.map(([day, some]) => [day, some.map((one) => one.id)])).toEqual([
      ['2026-11-26', ['a', 'c']],
      ['2026-11-27', ['d']],
    ])
  })
})

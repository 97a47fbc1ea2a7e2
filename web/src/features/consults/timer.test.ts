import { describe, expect, it } from 'vitest'

import { waitsFor } from './timer'

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
})

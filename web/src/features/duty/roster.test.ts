import { describe, expect, it } from 'vitest'

import { aSlot } from './fixtures'
import { slotState, tally } from './roster'

describe('a place of the roster', () => {
  it.each([
    ['nobody on a required place is a gap', aSlot({ person: null, reach: null }), 'gap'],
    ['nobody on an optional place is not', aSlot({ person: null, reach: null, required: false }), 'open'],
    ['a device that answers is online', aSlot({ reach: { online: true, signed_on: true, last_seen_at: null } }), 'online'],
    ['on duty without a device', aSlot({ reach: { online: false, signed_on: true, last_seen_at: null } }), 'signed_on'],
    ['neither', aSlot({ reach: { online: false, signed_on: false, last_seen_at: null } }), 'away'],
    ['never seen at all', aSlot({ reach: null }), 'away'],
  ] as const)('%s', (_, slot, state) => {
    expect(slotState(slot)).toBe(state)
  })

  it('is counted over all groups', () => {
    const group = { id: 'g', code: 'rescue', name: '专家组' }
    const online = { online: true, signed_on: true, last_seen_at: null }
    expect(
      tally([
        { group, slots: [aSlot({ reach: online }), aSlot({ person: null })] },
        { group, slots: [aSlot({ reach: online }), aSlot()] },
      ]),
    ).toEqual({ places: 4, gaps: [aSlot({ person: null })], online: 2 })
  })
})

import { describe, expect, it } from 'vitest'

import { aSlot, anEntry } from './fixtures'
import { phoneLines, slotState, tally } from './roster'

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
    ).toEqual({ places: 4, gaps: 1, online: 2 })
  })
})

describe('the phone list', () => {
  it('prints somebody with two posts once and keeps desks in front', () => {
    const lines = phoneLines([
      anEntry({ label: '急救专线', phone: '19900000011' }),
      anEntry({ person: '苏云舒', phone: '19900000001', tier: 'first', specialty: 'obstetrics' }),
      anEntry({ person: '沈静禾', phone: '19900000002', tier: 'second', specialty: 'obstetrics' }),
      anEntry({ person: '苏云舒', phone: '19900000001', tier: 'lead', specialty: 'neonatology' }),
    ])
    expect(lines.map((line) => line.entry.person ?? line.entry.label)).toEqual(['急救专线', '苏云舒', '沈静禾'])
    expect(lines[1]?.posts).toEqual([
      { tier: 'first', specialty: 'obstetrics' },
      { tier: 'lead', specialty: 'neonatology' },
    ])
    expect(lines[0]?.posts).toEqual([])
  })

  it('does not merge two people who share a desk phone', () => {
    const lines = phoneLines([
      anEntry({ person: '苏云舒', phone: '19900000001', tier: 'first', specialty: 'obstetrics' }),
      anEntry({ person: '沈静禾', phone: '19900000001', tier: 'second', specialty: 'obstetrics' }),
    ])
    expect(lines).toHaveLength(2)
  })
})

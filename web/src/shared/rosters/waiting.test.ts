import { describe, expect, it } from 'vitest'

import { waitsForMe } from './waiting'

describe('whose turn it is', () => {
  it('is the approver’s while it is submitted and theirs to approve', () => {
    expect(waitsForMe({ state: 'submitted', actions: ['approve', 'return'], returned: null })).toBe(true)
    expect(waitsForMe({ state: 'submitted', actions: ['return'], returned: null })).toBe(false)
  })

  it('is whoever publishes once it is approved', () => {
    expect(waitsForMe({ state: 'approved', actions: ['publish', 'return'], returned: null })).toBe(true)
    expect(waitsForMe({ state: 'approved', actions: [], returned: null })).toBe(false)
  })

  it('is the drafter’s when it was sent back, not while it is a fresh draft or another’s', () => {
    expect(waitsForMe({ state: 'draft', actions: ['submit', 'discard'], returned: '缺二线' })).toBe(true)
    expect(waitsForMe({ state: 'draft', actions: ['submit', 'discard'], returned: null })).toBe(false)
    expect(waitsForMe({ state: 'draft', actions: [], returned: '缺二线' })).toBe(false)
  })
})

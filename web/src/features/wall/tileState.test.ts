import { describe, expect, it } from 'vitest'

import type { StripState, StripStatus } from '@/strip/status'
import { STRIP_MARK } from '@/shared/ui/stripMarks'

import { qualityBars, tileState } from './tileState'

const status = (state: StripState): StripStatus => ({ state }) as StripStatus

describe('tileState', () => {
  it('says that seconds are missing while it runs', () => {
    expect(tileState(status('running'), 0)).toBe('running')
    expect(tileState(status('running'), 12)).toBe('gappy')
  })

  it.each(['offline', 'stopped', 'lagging', 'unlinked', 'waiting'] as const)('lets no gap hide that it is %s', (state) => {
    expect(tileState(status(state), 12)).toBe(state)
  })

  it('has a shape of its own for every state', () => {
    const marks = Object.values(STRIP_MARK)
    expect(new Set(marks).size).toBe(marks.length)
  })
})

describe('qualityBars', () => {
  it.each([[null, 0], [0.1, 0], [0.5, 1], [0.8, 2], [0.95, 3]])('%s is %i', (share, bars) => expect(qualityBars(share)).toBe(bars))
})

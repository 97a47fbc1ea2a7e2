import { describe, expect, it } from 'vitest'

import { planCell, planScale } from './tile'

const SPEED = { cmPerMin: 3, bpmPerCm: 20 } as const

describe('planCell', () => {
  it.each([60, 110, 200, 430, 900])('fills a cell %i px high and no more', (height) => {
    const { geometry } = planCell(400, height, 1, SPEED)
    expect(geometry.height).toBeLessThanOrEqual(height + 1)
    expect(geometry.height).toBeGreaterThan(height - 3)
  })

  it.each([1, 2, 3] as const)('keeps the proportion of paper at %i cm/min, however small', (cmPerMin) => {
    for (const height of [60, 200, 900]) {
      const { geometry } = planCell(400, height, 1, { cmPerMin, bpmPerCm: 20 })
      const minute = geometry.pxPerSecond * 60
      const twentyBpm = geometry.yOfBpm(120) - geometry.yOfBpm(140)
      expect(minute / twentyBpm).toBeCloseTo(cmPerMin)
    }
  })

  it('does not enlarge beyond what is allowed', () => {
    expect(planScale(2_000, SPEED, { lowBpm: 30, highBpm: 240, mostPxPerCm: 40 }).pxPerCm).toBe(40)
  })
})

import { describe, expect, it } from 'vitest'

import type { CrewEntry, CrewNow } from '@/api/crew'

import { distanceKm, nearest, nextChild, oxygen, projected } from './road'

const now = (state: CrewNow['leg_state'], births: number[] = []): CrewNow =>
  ({ leg_state: state, children: births.map((birth_order) => ({ birth_order })) }) as unknown as CrewNow
const entry = (kind: string, data: Record<string, unknown> = {}): CrewEntry => ({ id: kind, seq: 1, at: '', kind, data })

describe('the road as the phone sees it', () => {
  it('goes on although the server has heard nothing', () => {
    expect(projected(now('ready'), [entry('depart'), entry('report'), entry('halt')])).toBe('halted')
    expect(projected(now('departed'), [])).toBe('departed')
  })

  it('numbers twins, those still on the phone included', () => {
    expect(nextChild(now('departed'), [])).toBe(1)
    expect(nextChild(now('departed', [1]), [])).toBe(2)
    expect(nextChild(now('departed'), [entry('birth', { birth_order: 1 })])).toBe(2)
  })

  it('needs oxygen for the trip and the margin', () => {
    const check = { availableL: 270, flow: 4, tripMin: 40 }
    expect(oxygen(check, 30)).toEqual({ lasts: 67, needs: 70, enough: false })
    expect(oxygen({ ...check, availableL: 280 }, 30).enough).toBe(true)
    expect(oxygen({ ...check, flow: 0 }, 30).enough).toBe(false)
  })

  it('lists the nearest hospitals, or the order given when the phone has no position', () => {
    const unit = (id: string, latitude: number) => ({ id, name: id, tier: 'county', latitude, longitude: 110, phones: [] })
    const units = [unit('far', 31), unit('near', 30.1)]
    expect(distanceKm({ latitude: 30, longitude: 110 }, { latitude: 31, longitude: 110 })).toBeCloseTo(111.2, 0)
    expect(nearest(units, { latitude: 30, longitude: 110 }).map((one) => one.id)).toEqual(['near', 'far'])
    expect(nearest(units, null).map((one) => [one.id, one.km])).toEqual([['far', null], ['near', null]])
  })
})

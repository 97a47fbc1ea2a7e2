import { describe, expect, it } from 'vitest'

import { CalmOrder, HANDS_OFF_MS, type Placed, type Rank, RISE_MS, SINK_MS } from './order'

const ward = (ranks: Record<string, Rank>): Placed[] =>
  Object.entries(ranks).map(([key, rank]) => ({ key, place: `产科 ${key} 床`, rank }))
const CALM: Record<string, Rank> = { 1: 4, 2: 4, 10: 4 }

function started(): CalmOrder {
  const order = new CalmOrder()
  order.arrange(ward(CALM), 100_000, 0, true)
  return order
}

describe('CalmOrder', () => {
  it('hangs by bed, two before ten, and returns the same array while nothing moves', () => {
    const order = started()
    const first = order.arrange(ward(CALM), 101_000, 0, true)
    expect(first).toEqual(['1', '2', '10'])
    expect(order.arrange(ward(CALM), 102_000, 0, true)).toBe(first)
  })

  it('lifts an alarm once it has stood, and keeps it up for a while after', () => {
    const order = started()
    const alarm = ward({ ...CALM, 10: 0 })
    expect(order.arrange(alarm, 101_000, 0, true)).toEqual(['1', '2', '10'])
    expect(order.arrange(alarm, 101_000 + RISE_MS, 0, true)).toEqual(['10', '1', '2'])
    expect(order.grown).toBe(1)
    const over = 120_000
    expect(order.arrange(ward(CALM), over, 0, true)).toEqual(['10', '1', '2'])
    expect(order.arrange(ward(CALM), over + SINK_MS - 1, 0, true)).toEqual(['10', '1', '2'])
    expect(order.arrange(ward(CALM), over + SINK_MS, 0, true)).toEqual(['1', '2', '10'])
    expect(order.grown).toBe(0)
  })

  it('does not follow what flickers', () => {
    const order = started()
    for (let at = 0; at < 20; at += 1) {
      const rank = at % 2 === 0 ? 1 : 4
      expect(order.arrange(ward({ ...CALM, 10: rank }), 101_000 + at * 1_000, 0, true)).toEqual(['1', '2', '10'])
    }
  })

  it('moves nothing while a hand is near', () => {
    const order = started()
    const alarm = ward({ ...CALM, 10: 0 })
    order.arrange(alarm, 101_000, 100_500, true)
    const late = 101_000 + RISE_MS
    expect(order.arrange(alarm, late, late - 1_000, true)).toEqual(['1', '2', '10'])
    expect(order.grown).toBe(0)
    expect(order.arrange(alarm, late + HANDS_OFF_MS, late, true)).toEqual(['10', '1', '2'])
  })

  it('shows a new strip at once, at the end, even under a hand', () => {
    const order = started()
    expect(order.arrange(ward({ 0: 4, ...CALM }), 101_000, 101_000, true)).toEqual(['1', '2', '10', '0'])
    expect(order.arrange(ward({ 0: 4, 2: 4, 10: 4 }), 102_000, 102_000, true)).toEqual(['2', '10', '0'])
    expect(order.arrange(ward({ 0: 4, 2: 4, 10: 4 }), 120_000, 102_000, true)).toEqual(['0', '2', '10'])
  })

  it('leaves beds where they are when asked to', () => {
    const order = started()
    const alarm = ward({ ...CALM, 10: 0 })
    order.arrange(alarm, 101_000, 0, false)
    expect(order.arrange(alarm, 130_000, 0, false)).toEqual(['1', '2', '10'])
    expect(order.grown).toBe(0)
  })

  it('puts a monitor that is down after alarms and before quiet ones', () => {
    const order = new CalmOrder()
    expect(order.arrange(ward({ 1: 4, 2: 3, 3: 2, 4: 0 }), 50_000, 0, true)).toEqual(['4', '3', '2', '1'])
  })
})

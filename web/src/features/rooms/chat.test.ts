import { describe, expect, it } from 'vitest'

import { correctedBy, merged, reach, unbroken } from './chat'
import type { RoomMessage, RoomReader } from './types'

const message = (n: number, corrects: number | null = null): RoomMessage => ({
  id: `${n}`, room_id: 'r', n, person: null, facility: null, text: `${n}`, corrects, said_at: '2026-11-22T02:00:00Z', mine: n % 2 === 1,
})
const reader = (delivered_to: number, read_to: number, mine = false): RoomReader => ({ person: null, delivered_to, read_to, mine })

describe('what is written in a room', () => {
  it('is merged by number, whatever comes twice or late', () => {
    const held = merged([message(1), message(3)], [message(2), message(3)])
    expect(held.map((one) => one.n)).toEqual([1, 2, 3])
  })

  it.each([
    [[], 0],
    [[1, 2, 3], 3],
    [[1, 2, 4], 2],
    [[2], 0],
  ])('%j is whole up to %i', (numbers, upTo) => {
    expect(unbroken(numbers.map((n) => message(n)))).toBe(upTo)
  })

  it('knows what was corrected, also a correction', () => {
    expect([...correctedBy([message(1), message(2, 1), message(3, 2)])]).toEqual([
      [1, 2],
      [2, 3],
    ])
  })

  it('counts who read it, who holds it, and who does not', () => {
    const readers = [reader(9, 9, true), reader(5, 5), reader(5, 3), reader(2, 2)]
    expect(reach(4, readers)).toEqual({ read: 1, delivered: 1, away: 1 })
  })
})

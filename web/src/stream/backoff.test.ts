import { expect, it } from 'vitest'

import { reconnectWait } from './backoff'

it('doubles up to a ceiling', () => {
  const waits = [0, 1, 2, 3, 4, 5, 6, 40].map((attempt) => reconnectWait(attempt, () => 1))
  expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000])
})

it('spreads a ward over half the wait', () => {
  expect(reconnectWait(5, () => 0)).toBe(7500)
  expect(reconnectWait(5, () => 0.5)).toBe(11_250)
})

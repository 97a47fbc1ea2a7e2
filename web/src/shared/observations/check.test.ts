import { describe, expect, it } from 'vitest'

import type { ObservationItem } from '@/api/observations'

import { check } from './check'

const item = { plausible: [20, 45], caution: [36, 37.5] } as unknown as ObservationItem

describe('check', () => {
  it.each([
    ['', 'empty'],
    [' ', 'empty'],
    ['36', 'ok'],
    ['37.5', 'ok'],
    ['37.6', 'unusual'],
    ['45', 'unusual'],
    ['45.1', 'impossible'],
    ['37,5', 'not_a_number'],
  ])('%s is %s', (typed, said) => {
    expect(check(item, typed)).toBe(said)
  })
})

import { describe, expect, it } from 'vitest'

import { NOBODY, emptyWeek, rows, withoutMember } from './weeks'

describe('a weekly pattern', () => {
  it('is rows of seven, and never none', () => {
    expect(rows([0, 1, 0, 1, 0, 1, NOBODY, 1, 0, 1, 0, 1, 0, NOBODY])).toEqual([
      [0, 1, 0, 1, 0, 1, NOBODY],
      [1, 0, 1, 0, 1, 0, NOBODY],
    ])
    expect(rows([])).toEqual([emptyWeek()])
  })

  it('keeps everybody else on their days when a member leaves', () => {
    expect(withoutMember([[0, 1, 2, 0, 1, 2, NOBODY]], 1)).toEqual([[0, NOBODY, 1, 0, NOBODY, 1, NOBODY]])
  })
})

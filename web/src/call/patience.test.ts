import { describe, expect, it } from 'vitest'

import { Patience, REPAIR_MS } from './patience'

describe('how long pictures wait for what is sent again', () => {
  it('waits for nothing on good lines', () => {
    expect(new Patience().heard([0, 0.01])).toBeNull()
  })

  it('waits while a line loses, and ten reports longer', () => {
    const patience = new Patience()
    expect(patience.heard([0, 0.1])).toBe(REPAIR_MS)
    for (let report = 0; report < 9; report += 1) expect(patience.heard([0, 0])).toBe(REPAIR_MS)
    expect(patience.heard([0, 0])).toBeNull()
  })
})

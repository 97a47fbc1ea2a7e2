import { describe, expect, it } from 'vitest'

import { ServerClock, measure } from './clock'

describe('measure', () => {
  it('halves the asymmetry-free round trip', () => {
    // Server 5 s ahead, 40 ms there, 10 ms inside, 40 ms back.
    expect(measure({ t1: 1000, t2: 6040, t3: 6050, t4: 1090 })).toEqual({ offsetMs: 5000, roundTripMs: 80 })
  })
})

describe('ServerClock', () => {
  it('runs with the local clock until told better, then with the server', () => {
    let local = 10_000
    const clock = new ServerClock(() => local)
    expect(clock.now()).toBe(10_000)
    clock.seed(13_000)
    expect(clock.now()).toBe(13_000)
    clock.add({ t1: 10_000, t2: 15_020, t3: 15_020, t4: 10_040 })
    local = 11_000
    expect(clock.now()).toBe(16_000)
  })

  it('trusts the shortest round trip, and forgets it after eight more', () => {
    const clock = new ServerClock(() => 0)
    clock.add({ t1: 0, t2: 1005, t3: 1005, t4: 10 })
    clock.add({ t1: 0, t2: 1900, t3: 1900, t4: 2000 })
    expect(clock.offsetMs).toBe(1000)
    for (let i = 0; i < 8; i += 1) clock.add({ t1: 0, t2: 2050, t3: 2050, t4: 100 })
    expect(clock.offsetMs).toBe(2000)
  })

  it('ignores exchanges that cannot be', () => {
    const clock = new ServerClock(() => 0)
    clock.add({ t1: 100, t2: 0, t3: 0, t4: 50 })
    clock.add({ t1: NaN, t2: 0, t3: 0, t4: 0 })
    expect(clock.synchronised).toBe(false)
  })

  it('does not let a seed overrule an exchange', () => {
    const clock = new ServerClock(() => 0)
    clock.add({ t1: 0, t2: 505, t3: 505, t4: 10 })
    clock.seed(99_999)
    expect(clock.now()).toBe(500)
  })
})

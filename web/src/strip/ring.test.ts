import { describe, expect, it } from 'vitest'

import { summarise } from './a11y'
import { type FrameSamples, StripRing } from './ring'
import { stripStatus } from './status'

function second(seq: number, fhrBpm = 140, extra: Partial<FrameSamples> = {}): FrameSamples {
  return {
    seq,
    flags: 0,
    deviceMs: 1_000_000 + seq * 1000,
    fhr1: new Uint16Array(4).fill(fhrBpm * 4),
    fhr2: new Uint16Array(4),
    fhr3: new Uint16Array(4),
    mhr: new Uint16Array(4),
    toco: new Uint8Array(4).fill(20),
    marks: new Uint16Array(4).fill(3),
    ...extra,
  }
}

function filled(seqs: number[], size = 64): StripRing {
  const ring = new StripRing(size)
  for (const seq of seqs) ring.put(second(seq))
  return ring
}

describe('StripRing', () => {
  it('finds samples by frame number', () => {
    const ring = filled([1, 2, 3])
    ring.put(second(4, 150))
    expect(ring.fhr1[ring.indexOf(4)]).toBe(600)
    expect([ring.firstSeq, ring.lastSeq]).toEqual([1, 4])
  })

  it('takes history after live and repeats only once', () => {
    const ring = filled([10])
    expect(ring.put(second(5))).toBe(true)
    expect(ring.put(second(5))).toBe(false)
    expect([ring.firstSeq, ring.lastSeq, ring.storedSeconds]).toEqual([5, 10, 2])
    expect(ring.deviceMsOf(5)).toBe(1_005_000)
  })

  it('overwrites the oldest and refuses what is older than it reaches', () => {
    const ring = filled([1, 2], 8)
    ring.put(second(9))
    expect(ring.has(1)).toBe(false)
    expect(ring.has(2)).toBe(true)
    expect(ring.put(second(1))).toBe(false)
    expect(ring.has(9)).toBe(true)
  })

  it('tells gaps from lost signal', () => {
    const ring = filled([1, 2, 5, 6, 9])
    ring.put(second(10, 0))
    expect(ring.gaps(1, 10)).toEqual([[3, 4], [7, 8]])
    expect(ring.missingSeconds(1, 10)).toBe(4)
    expect(ring.has(10)).toBe(true)
  })

  it('notes a second fetus and the mother when they first appear', () => {
    const ring = filled([1])
    expect([ring.hasTwin, ring.hasMaternal]).toEqual([false, false])
    ring.put(second(2, 140, { fhr2: new Uint16Array(4).fill(600), mhr: new Uint16Array(4).fill(320) }))
    expect([ring.hasTwin, ring.hasMaternal]).toEqual([true, true])
  })
})

describe('stripStatus', () => {
  const live = { serverNowMs: 1_012_000, localNowMs: 500_000, arrivedMs: 499_500, linkUp: true, closed: false, reportedLagMs: null, connected: true }

  it('runs when samples are fresh', () => {
    const status = stripStatus(filled([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]), live)
    expect(status).toMatchObject({ state: 'running', lagMs: 500, ageMs: 500, gapSeconds: 0, goodShare: 1, fhr1Bpm: 140, toco: 10 })
  })

  it.each([
    ['waiting', filled([]), {}],
    ['unlinked', filled([]), { linkUp: false }],
    ['lagging', filled([1]), { serverNowMs: 1_012_000 }],
    ['lagging', filled([10]), { reportedLagMs: 8_000 }],
    ['offline', filled([1]), { arrivedMs: 480_000 }],
    ['offline', filled([10]), { connected: false }],
    ['unlinked', filled([1]), { linkUp: false }],
    ['stopped', filled([1]), { closed: true, linkUp: false }],
  ])('says %s', (state, ring, change) => {
    expect(stripStatus(ring, { ...live, ...change }).state).toBe(state)
  })

  it('does not judge lag by a clock the device calls unsynchronised', () => {
    const ring = filled([])
    ring.put(second(1, 140, { flags: 2 }))
    expect(stripStatus(ring, { ...live, serverNowMs: 9_999_999 })).toMatchObject({
      state: 'running',
      clockUnsynchronised: true,
    })
  })

  it('says no rate that no heart has, nor a fetus for it', () => {
    const ring = filled([1])
    const odd = (quarters: number): Uint16Array => new Uint16Array(4).fill(quarters)
    ring.put(second(2, 0, { fhr1: odd(961), fhr2: odd(119), fhr3: odd(65_535), mhr: odd(4_000) }))
    expect(stripStatus(ring, live)).toMatchObject({ fhr1Bpm: null, fhr2Bpm: null, fhr3Bpm: null, mhrBpm: null })
    expect([ring.hasTwin, ring.hasTriplet, ring.hasMaternal]).toEqual([false, false, false])
  })

  it('shows battery, gaps and poor signal', () => {
    const ring = filled([1, 2, 5])
    ring.put(second(6, 0, { flags: 4, marks: new Uint16Array(4).fill(1) }))
    const status = stripStatus(ring, live)
    expect(status).toMatchObject({ batteryLow: true, gapSeconds: 2, fhr1Bpm: null })
    expect(status.goodShare).toBeCloseTo(0.5)
  })
})

describe('summarise', () => {
  it('counts missing seconds as lost', () => {
    const ring = filled([1, 2, 4])
    ring.put(second(3, 120))
    ring.put(second(6, 180))
    const summary = summarise(ring)
    expect(summary).toMatchObject({ medianBpm: 140, lowestBpm: 120, highestBpm: 180, tocoHighest: 10 })
    expect(summary.lostShare).toBeCloseTo(1 / 6)
  })

  it('has no numbers before data', () => {
    expect(summarise(new StripRing(8))).toMatchObject({ medianBpm: null, lostShare: 0, minutes: 0 })
  })
})

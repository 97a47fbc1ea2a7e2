import { describe, expect, it } from 'vitest'

import { LABELS, heardFetuses, labelsOf } from './fetuses'
import { StripRing } from './ring'
import { stripStatus } from './status'

function heard(fhr2: number, fhr3: number) {
  const ring = new StripRing(64)
  const rate = (bpm: number): Uint16Array => new Uint16Array(4).fill(bpm * 4)
  ring.put({ seq: 1, flags: 0, deviceMs: 0, fhr1: rate(140), fhr2: rate(fhr2), fhr3: rate(fhr3), mhr: rate(0), toco: new Uint8Array(4), marks: new Uint16Array(4) })
  const now = { serverNowMs: 0, localNowMs: 0, arrivedMs: 0, reportedLagMs: 0, connected: true, linkUp: true, closed: false }
  return heardFetuses(ring, stripStatus(ring, now), labelsOf([{ channel: 'fhr1', label: 'B' }, { channel: 'fhr2', label: 'A' }]))
}

describe('the letters of fetuses', () => {
  it('are A, B and C until a binding says otherwise', () => {
    expect(labelsOf([])).toEqual(LABELS)
    expect(labelsOf([{ channel: 'fhr2', label: 'C' }])).toEqual(['A', 'C', 'C'])
  })

  it('stand at the rate of their own channel, for those that are heard', () => {
    expect(heard(0, 0)).toEqual([{ channel: 1, label: 'B', bpm: 140 }])
    expect(heard(150, 0).map((one) => [one.label, one.bpm])).toEqual([['B', 140], ['A', 150]])
    expect(heard(150, 160).map((one) => [one.label, one.bpm])).toEqual([['B', 140], ['A', 150], ['C', 160]])
    expect(heard(0, 160).map((one) => one.channel)).toEqual([1, 3])
  })
})

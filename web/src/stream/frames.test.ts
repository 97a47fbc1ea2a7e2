import { describe, expect, it } from 'vitest'

import { FRAME_BYTES, Frame, MalformedFrame, decodeBundle, decodeFrame } from './frames'

/** One frame as the protocol page lays it out, written byte by byte, not by our own encoder. */
function frameBytes(view: number, seq: number): number[] {
  const bytes = new Array<number>(FRAME_BYTES).fill(0)
  bytes.splice(0, 2, 1, 1)
  bytes.splice(2, 2, 5, 0)
  bytes.splice(4, 4, view & 255, view >> 8, 0, 0)
  bytes.splice(8, 4, seq & 255, seq >> 8, 0, 0)
  // 2026-11-22T03:00:00Z = 1 795 316 400 s → ns, little-endian.
  let ns = 1_795_316_400n * 1_000_000_000n
  for (let i = 0; i < 8; i += 1, ns >>= 8n) bytes[16 + i] = Number(ns & 255n)
  for (let i = 0; i < 4; i += 1) {
    const at = 24 + i * 12
    // 140.25 bpm = 561 quarters = 0x0231; fhr2 lost; fhr3 lost; mhr 80 bpm = 320 = 0x0140.
    bytes.splice(at, 12, 0x31, 0x02, 0, 0, 0, 0, 0x40, 0x01, 25, 97, 0x43, 0x01)
  }
  return bytes
}

function bundle(...frames: number[][]): ArrayBuffer {
  const flat = [1, 4, frames.length & 255, frames.length >> 8, 0, 0, 0, 0, ...frames.flat()]
  return new Uint8Array(flat).buffer
}

describe('decodeFrame', () => {
  it('reads every field where the protocol puts it', () => {
    const frame = new Frame()
    decodeFrame(new DataView(new Uint8Array(frameBytes(12, 3600)).buffer), 0, frame)
    expect(frame.view).toBe(12)
    expect(frame.seq).toBe(3600)
    expect(frame.flags).toBe(5)
    expect(frame.deviceMs).toBeCloseTo(Date.parse('2026-11-22T03:00:00Z'), 3)
    expect([...frame.fhr1]).toEqual([561, 561, 561, 561])
    expect([...frame.fhr2]).toEqual([0, 0, 0, 0])
    expect([...frame.mhr]).toEqual([320, 320, 320, 320])
    expect([...frame.toco]).toEqual([25, 25, 25, 25])
    expect([...frame.spo2]).toEqual([97, 97, 97, 97])
    expect(frame.marks[0]).toBe(0x143)
  })

  it('keeps sub-second device times', () => {
    const bytes = frameBytes(1, 1)
    let ns = 1_795_316_400_250_000_000n
    for (let i = 0; i < 8; i += 1, ns >>= 8n) bytes[16 + i] = Number(ns & 255n)
    const frame = new Frame()
    decodeFrame(new DataView(new Uint8Array(bytes).buffer), 0, frame)
    expect(frame.deviceMs - Date.parse('2026-11-22T03:00:00Z')).toBeCloseTo(250, 2)
  })

  it.each([
    ['another version', 0, 2],
    ['an ack', 1, 2],
  ])('refuses %s', (_what, at, value) => {
    const bytes = frameBytes(1, 1)
    bytes[at] = value
    expect(() => decodeFrame(new DataView(new Uint8Array(bytes).buffer), 0, new Frame())).toThrow(MalformedFrame)
  })
})

describe('decodeBundle', () => {
  it('hands over every frame in order, in the same object', () => {
    const seen: [number, number][] = []
    const into = new Frame()
    const count = decodeBundle(bundle(frameBytes(1, 7), frameBytes(2, 9)), into, (frame) => {
      expect(frame).toBe(into)
      seen.push([frame.view, frame.seq])
    })
    expect(count).toBe(2)
    expect(seen).toEqual([[1, 7], [2, 9]])
  })

  it('takes an empty tick', () => {
    expect(decodeBundle(bundle(), new Frame(), () => undefined)).toBe(0)
  })

  it('refuses a cut message and one that is no watch bundle', () => {
    const whole = bundle(frameBytes(1, 1))
    expect(() => decodeBundle(whole.slice(0, 40), new Frame(), () => undefined)).toThrow(MalformedFrame)
    const ingest = new Uint8Array(whole)
    ingest[1] = 5
    expect(() => decodeBundle(ingest.buffer, new Frame(), () => undefined)).toThrow(MalformedFrame)
  })
})

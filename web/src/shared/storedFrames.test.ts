import { describe, expect, it, vi } from 'vitest'

import { FRAME_BYTES } from '@/stream/frames'

import { StoredFrames } from './storedFrames'

function bytes(from: number, to: number): ArrayBuffer {
  const out = new DataView(new ArrayBuffer((to - from + 1) * FRAME_BYTES))
  for (let seq = from; seq <= to; seq += 1) {
    const at = (seq - from) * FRAME_BYTES
    out.setUint8(at, 1)
    out.setUint8(at + 1, 1)
    out.setUint32(at + 8, seq, true)
  }
  return out.buffer
}

describe('StoredFrames', () => {
  it('asks for one range at a time and joins what waits for the same recording', async () => {
    const asked: string[] = []
    let busy = 0
    const get = vi.fn(async (recording: string, from: number, to: number) => {
      busy += 1
      expect(busy).toBe(1)
      asked.push(`${recording} ${from}-${to}`)
      await Promise.resolve()
      busy -= 1
      return bytes(from, to)
    })
    const stored = new StoredFrames(get)
    const seen: number[] = []
    const take = (frame: { seq: number }): void => void seen.push(frame.seq)
    const all = [stored.fetch('a', 1, 3, take), stored.fetch('b', 5, 6, take), stored.fetch('b', 7, 9, take)]
    expect(await Promise.all(all)).toEqual([true, true, true])
    expect(asked).toEqual(['a 1-3', 'b 5-9'])
    expect(seen).toEqual([1, 2, 3, 5, 6, 7, 8, 9])
  })

  it('turns the pages of a long range', async () => {
    const get = vi.fn((_: string, from: number, to: number) => Promise.resolve(bytes(from, Math.min(to, from))))
    await new StoredFrames(get).fetch('a', 1, 4_000, () => undefined)
    expect(get.mock.calls.map(([, from, to]) => [from, to])).toEqual([[1, 3_600], [3_601, 4_000]])
  })

  it('leaves the hole when it cannot be had, and goes on with the next', async () => {
    const get = vi.fn((recording: string) => (recording === 'a' ? Promise.reject(new Error('away')) : Promise.resolve(bytes(1, 1))))
    const stored = new StoredFrames(get)
    expect(await Promise.all([stored.fetch('a', 1, 1, () => undefined), stored.fetch('b', 1, 1, () => undefined)])).toEqual([false, true])
  })

  it('asks for nothing after the page has gone', async () => {
    const get = vi.fn(() => Promise.resolve(bytes(1, 1)))
    const stored = new StoredFrames(get)
    const first = stored.fetch('a', 1, 1, () => undefined)
    const second = stored.fetch('b', 1, 1, () => undefined)
    stored.dispose()
    expect(await second).toBe(false)
    await first
    expect(await stored.fetch('c', 1, 1, () => undefined)).toBe(false)
    expect(get).toHaveBeenCalledTimes(1)
  })
})

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { FRAME_BYTES } from './frames'
import { WATCH_SUBPROTOCOL, WatchClient, type WatchEvent } from './watch'

class FakeSocket {
  static readonly OPEN = 1
  readyState = 0
  binaryType = ''
  onopen: (() => void) | null = null
  onmessage: ((event: { data: unknown }) => void) | null = null
  onclose: (() => void) | null = null
  sent: Record<string, unknown>[] = []

  constructor(readonly url: string, readonly protocol: string) {
    sockets.push(this)
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text) as Record<string, unknown>)
  }

  close(): void {
    this.readyState = 3
    this.onclose?.()
  }

  opened(): void {
    this.readyState = FakeSocket.OPEN
    this.onopen?.()
  }

  says(message: unknown): void {
    this.onmessage?.({ data: JSON.stringify(message) })
  }

  frames(view: number, ...seqs: number[]): void {
    const bytes = new Uint8Array(8 + seqs.length * FRAME_BYTES)
    const at = new DataView(bytes.buffer)
    bytes.set([1, 4, seqs.length, 0])
    seqs.forEach((seq, i) => {
      bytes.set([1, 1], 8 + i * FRAME_BYTES)
      at.setUint32(8 + i * FRAME_BYTES + 4, view, true)
      at.setUint32(8 + i * FRAME_BYTES + 8, seq, true)
    })
    this.onmessage?.({ data: bytes.buffer })
  }
}

let sockets: FakeSocket[] = []
let client: WatchClient

function make(): WatchClient {
  return new WatchClient({
    url: 'ws://gw/ctg/watch',
    open: (url, protocol) => new FakeSocket(url, protocol) as unknown as WebSocket,
    random: () => 1,
  })
}

function last(): FakeSocket {
  const socket = sockets[sockets.length - 1]
  if (socket === undefined) throw new Error('no socket')
  return socket
}

function show(recording: string) {
  const seen = { seqs: [] as number[], events: [] as WatchEvent[], links: [] as boolean[] }
  const stop = client.watch(recording, 1200, {
    onFrame: (frame) => seen.seqs.push(frame.seq),
    onEvent: (event) => seen.events.push(event),
    onLink: (up) => seen.links.push(up),
  })
  return { ...seen, stop }
}

beforeEach(() => {
  vi.useFakeTimers()
  sockets = []
  client = make()
})

afterEach(() => {
  client.dispose()
  vi.useRealTimers()
})

describe('watching', () => {
  it('speaks the watch subprotocol and asks for history', () => {
    show('r1')
    expect(last().protocol).toBe(WATCH_SUBPROTOCOL)
    last().opened()
    expect(last().sent).toEqual([{ type: 'subscribe', recordings: ['r1'], since_s: 1200 }])
  })

  it('asks for a whole wall in one message, also on an open line', async () => {
    for (const id of ['r1', 'r2', 'r3']) show(id)
    last().opened()
    expect(last().sent).toEqual([{ type: 'subscribe', recordings: ['r1', 'r2', 'r3'], since_s: 1200 }])
    show('r4')
    show('r5').stop()
    await Promise.resolve()
    expect(last().sent.slice(1)).toEqual([{ type: 'subscribe', recordings: ['r4'], since_s: 1200 }])
  })

  it('asks anew after a cut how far back it must go', () => {
    let since = 1200
    client.watch('r1', () => since, { onFrame: () => undefined, onEvent: () => undefined, onLink: () => undefined })
    last().opened()
    since = 45
    last().close()
    vi.advanceTimersByTime(600)
    last().opened()
    expect(last().sent).toEqual([{ type: 'subscribe', recordings: ['r1'], since_s: 45 }])
  })

  it('gives each strip its own frames over one line', () => {
    const a = show('r1')
    const b = show('r2')
    last().opened()
    last().says({ type: 'subscribed', recording: 'r1', view: 1 })
    last().says({ type: 'subscribed', recording: 'r2', view: 2 })
    last().frames(1, 10, 11)
    last().frames(2, 5)
    expect([a.seqs, b.seqs, sockets.length]).toEqual([[10, 11], [5], 1])
  })

  it('tells only the strip that a notice is about', () => {
    const a = show('r1')
    const b = show('r2')
    last().opened()
    last().says({ type: 'refused', recording: 'r2', code: 'ctg.not_found' })
    expect([a.events, b.events.map((e) => e.code)]).toEqual([[], ['ctg.not_found']])
  })

  it('says that the line is cut, comes back and subscribes again', () => {
    const a = show('r1')
    last().opened()
    last().says({ type: 'subscribed', recording: 'r1', view: 1 })
    last().close()
    vi.advanceTimersByTime(600)
    expect(sockets).toHaveLength(2)
    last().opened()
    last().says({ type: 'subscribed', recording: 'r1', view: 9 })
    last().frames(1, 1)
    last().frames(9, 12)
    expect([a.links, a.seqs]).toEqual([[true, false, true], [12]])
  })

  it('gives up a line that has gone silent', () => {
    const a = show('r1')
    last().opened()
    last().says({ type: 'subscribed', recording: 'r1', view: 1 })
    vi.advanceTimersByTime(21_000)
    expect(a.links).toEqual([true, false])
  })

  it('leaves with the last strip', () => {
    const a = show('r1')
    last().opened()
    a.stop()
    expect(last().sent.map((m) => m['type'])).toEqual(['subscribe', 'unsubscribe'])
    expect(last().readyState).toBe(3)
    vi.advanceTimersByTime(60_000)
    expect(sockets).toHaveLength(1)
  })
})

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { ServerClock } from './clock'
import { LiveStream, type SocketLike, type StreamMessage, streamUrl } from './socket'

class FakeSocket implements SocketLike {
  onopen: ((event: Event) => void) | null = null
  onmessage: ((event: MessageEvent) => void) | null = null
  onclose: ((event: CloseEvent) => void) | null = null
  sent: Record<string, unknown>[] = []
  closed = false

  send(data: string): void {
    this.sent.push(JSON.parse(data) as Record<string, unknown>)
  }

  close(): void {
    this.closed = true
  }

  opened(): void {
    this.onopen?.(new Event('open'))
  }

  says(message: unknown): void {
    this.onmessage?.(new MessageEvent('message', { data: JSON.stringify(message) }))
  }

  dies(): void {
    this.onclose?.(new CloseEvent('close'))
  }

  types(): unknown[] {
    return this.sent.map((message) => message['type'])
  }
}

let sockets: FakeSocket[]
let local: number
let heard: StreamMessage[]
let stream: LiveStream

function make(): LiveStream {
  const made = new LiveStream({
    url: 'ws://test/api/stream',
    storageKey: 'offset',
    clock: new ServerClock(() => local),
    open: () => {
      const socket = new FakeSocket()
      sockets.push(socket)
      return socket
    },
    random: () => 1,
    online: () => true,
  })
  made.onMessage((message) => heard.push(message))
  return made
}

function socket(): FakeSocket {
  const last = sockets[sockets.length - 1]
  if (last === undefined) throw new Error('no socket was opened')
  return last
}

function connect(offset = 0): void {
  stream.start()
  socket().opened()
  socket().says({ type: 'welcome', offset, server_time: '2026-11-22T03:00:00Z' })
}

function wait(ms: number): void {
  local += ms
  vi.advanceTimersByTime(ms)
}

beforeEach(() => {
  vi.useFakeTimers()
  sockets = []
  heard = []
  local = 1_000_000
  stream = make()
})

afterEach(() => {
  stream.stop()
  vi.useRealTimers()
})

describe('offsets', () => {
  it('says hello with the last offset it handled, also after a reload', () => {
    connect(5)
    socket().says({ type: 'item', offset: 6, kind: 'page', data: {} })
    const reloaded = make()
    reloaded.start()
    socket().opened()
    expect(socket().sent[0]).toMatchObject({ type: 'hello', offset: 6 })
    reloaded.stop()
  })

  it('shows a resent item once', () => {
    connect()
    socket().says({ type: 'item', offset: 1, kind: 'page', data: {} })
    socket().says({ type: 'item', offset: 1, kind: 'page', data: {} })
    socket().says({ type: 'item', offset: 2, kind: 'page', data: {} })
    expect(heard.filter((m) => m.type === 'item')).toHaveLength(2)
  })

  it('on a new device does not tell old news', () => {
    connect(40)
    expect(socket().sent[0]).toMatchObject({ type: 'hello', offset: null })
    socket().says({ type: 'item', offset: 12, kind: 'notice', data: {} })
    socket().says({ type: 'item', offset: 41, kind: 'page', data: {} })
    expect(heard.filter((m) => m.type === 'item')).toEqual([{ type: 'item', offset: 41, kind: 'page', data: {} }])
  })

  it('starts over when the server is behind what was remembered', () => {
    localStorage.setItem('offset', '900')
    stream = make()
    connect(3)
    expect(stream.lastOffset).toBe(3)
    socket().says({ type: 'item', offset: 4, kind: 'page', data: {} })
    expect(heard.filter((m) => m.type === 'item')).toHaveLength(1)
  })
})

describe('the line', () => {
  it('reconnects after a cut and resumes', () => {
    connect()
    socket().says({ type: 'item', offset: 1, kind: 'page', data: {} })
    socket().dies()
    expect(stream.link.state).toBe('reconnecting')
    wait(500)
    expect(sockets).toHaveLength(2)
    socket().opened()
    expect(socket().sent[0]).toMatchObject({ type: 'hello', offset: 1 })
  })

  it('pings, and gives a silent line up after fifteen seconds', () => {
    connect()
    wait(5_000)
    expect(socket().types()).toContain('ping')
    const silent = socket()
    wait(15_000)
    expect(silent.closed).toBe(true)
    expect(stream.link.state).toBe('reconnecting')
  })

  it('answers the server, so that a hidden tab with slow timers is not taken for dead', () => {
    connect()
    socket().says({ type: 'ping' })
    expect(socket().types()).toContain('pong')
  })

  it('keeps a line that only answers pings', () => {
    connect()
    for (let i = 0; i < 10; i += 1) {
      wait(5_000)
      socket().says({ type: 'pong' })
    }
    expect(sockets).toHaveLength(1)
    expect(stream.link.state).toBe('online')
  })

  it('does not come back after the session was revoked', () => {
    connect()
    socket().says({ type: 'bye', code: 'session.revoked' })
    wait(120_000)
    expect(sockets).toHaveLength(1)
    expect(stream.link.state).toBe('closed')
  })

  it('does not sit out the back-off when the network returns', () => {
    connect()
    socket().dies()
    stream.nudge()
    expect(sockets).toHaveLength(2)
  })
})

describe('receipts', () => {
  it('are kept while the line is down and sent when it is back', () => {
    connect()
    socket().dies()
    stream.receipt('p1', 'delivered')
    wait(500)
    socket().opened()
    socket().says({ type: 'welcome', offset: 0, server_time: '2026-11-22T03:00:00Z' })
    expect(socket().sent).toContainEqual({ type: 'receipt', page_id: 'p1', state: 'delivered' })
  })

  it('never go back from seen to delivered', () => {
    connect()
    stream.receipt('p1', 'seen')
    stream.receipt('p1', 'delivered')
    const sent = socket().sent.filter((m) => m['type'] === 'receipt')
    expect(sent).toEqual([{ type: 'receipt', page_id: 'p1', state: 'seen' }])
  })
})

it('learns the server clock from the exchange', () => {
  const clock = new ServerClock(() => local)
  const timed = new LiveStream({
    url: 'ws://test', storageKey: 'o', clock, random: () => 1, online: () => true,
    open: () => {
      const made = new FakeSocket()
      sockets.push(made)
      return made
    },
  })
  timed.start()
  socket().opened()
  socket().says({ type: 'welcome', offset: 0, server_time: new Date(local + 60_000).toISOString() })
  const t1 = socket().sent.find((m) => m['type'] === 'time')?.['t1'] as number
  local += 20
  socket().says({ type: 'time', t1, t2: t1 + 70_010, t3: t1 + 70_010 })
  expect(clock.now()).toBe(local + 70_000)
  timed.stop()
})

it('derives the socket address from the page', () => {
  expect(streamUrl('/api/stream', { protocol: 'https:', host: 'x:8443' } as Location)).toBe('wss://x:8443/api/stream')
})

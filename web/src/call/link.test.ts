import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { Link } from './link'
import type { Ending, FromWorker } from './messages'

/** One socket, and the worker at its other end as the test plays it. */
class Socket {
  static readonly OPEN = 1
  static all: Socket[] = []
  static get last(): Socket {
    return Socket.all.at(-1) ?? new Socket()
  }
  readyState = 0
  readonly said: { type?: string; seq?: number; body?: { type: string } }[] = []
  onopen: (() => void) | null = null
  onclose: (() => void) | null = null
  onmessage: ((event: { data: string }) => void) | null = null
  constructor() {
    Socket.all.push(this)
  }
  send(text: string): void {
    this.said.push(JSON.parse(text))
  }
  close(): void {
    if (this.readyState < 2) this.breaks()
  }
  /** The network's or the worker's doing. */
  breaks(): void {
    this.readyState = 3
    this.onclose?.()
  }
  opens(): void {
    this.readyState = 1
    this.onopen?.()
  }
  tells(frame: object): void {
    this.onmessage?.({ data: JSON.stringify(frame) })
  }
  /** The worker knows the session and has what was said up to `ack`. */
  async welcomes(ack = 0): Promise<void> {
    this.opens()
    this.tells({ type: 'welcome', session: 's', secret: '1', participant: 'me', publish: [], ack })
    await vi.advanceTimersByTimeAsync(0)
  }
  get words(): (string | undefined)[] {
    return this.said.map((one) => one.body?.type ?? one.type)
  }
}

let link: Link
let heard: FromWorker[]
let over: Ending[]
/** What joining came to. */
let joined: Promise<Ending | null>
/** The page waits so long. */
const wait = (seconds: number) => vi.advanceTimersByTimeAsync(seconds * 1000)

beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('WebSocket', Socket)
  Socket.all = []
  heard = []
  over = []
  link = new Link('ws://worker', (message) => heard.push(message), (ending) => over.push(ending))
  joined = link.join('token')
})

afterEach(() => {
  vi.useRealTimers()
})

describe('a good-bye to the worker', () => {
  it('is said over the open socket, which closes once it is heard', async () => {
    await Socket.last.welcomes()
    link.leave()
    link.close()
    expect(Socket.last.words).toEqual(['join', 'leave'])
    expect(Socket.last.readyState).toBe(1)
    Socket.last.tells({ seq: 1, ack: 1, body: { type: 'bye', code: 'closed' } })
    expect(Socket.last.readyState).toBe(3)
    await wait(60)
    expect([Socket.all.length, heard, over]).toEqual([1, [], []])
  })

  it('goes on being said while the line is away, and then nothing more is heard or told', async () => {
    await Socket.last.welcomes()
    Socket.last.breaks()
    link.leave()
    for (let n = 0; n < 5; n += 1) {
      Socket.last.breaks()
      await wait(0.5)
    }
    const back = Socket.last
    await back.welcomes()
    expect(back.words).toEqual(['resume', 'leave'])
    back.tells({ seq: 1, ack: 0, body: { type: 'people', people: [] } })
    expect(back.readyState).toBe(1)
    back.tells({ ack: 1 })
    expect(back.readyState).toBe(3)
    await wait(60)
    expect([Socket.last, heard, over]).toEqual([back, [], []])
  })

  it('finds a socket of its own when the one there is does not answer', async () => {
    await Socket.last.welcomes()
    link.leave()
    await wait(2)
    expect(Socket.all.length).toBe(2)
    expect(Socket.all[0]?.readyState).toBe(3)
    // It had arrived after all; only the answer had not.
    await Socket.last.welcomes(1)
    expect(Socket.last.words).toEqual(['resume'])
    expect(Socket.last.readyState).toBe(3)
  })

  it('reaches the session of a link that was given up', async () => {
    await Socket.last.welcomes()
    for (let n = 0; n < 3; n += 1) {
      Socket.last.breaks()
      await wait(0.5)
    }
    expect(over).toEqual(['unreachable'])
    link.close()
    link.leave()
    await Socket.last.welcomes()
    expect(Socket.last.words).toEqual(['resume', 'leave'])
  })

  it('follows a welcome that was still on its way, and nobody is in the room by it', async () => {
    link.leave()
    link.close()
    await Socket.last.welcomes()
    expect(Socket.last.words).toEqual(['join', 'leave'])
    expect(await joined).toBe('closed')
  })

  it('is given up when no worker holds one any more', async () => {
    await Socket.last.welcomes()
    Socket.last.breaks()
    link.leave()
    Socket.last.opens()
    Socket.last.tells({ type: 'bye', code: 'gone' })
    await wait(60)
    expect([Socket.all.length, over]).toEqual([2, []])
    // Nor does a line that is away be asked for ever.
    link = new Link('ws://worker', () => undefined, () => undefined)
    void link.join('token')
    await Socket.last.welcomes()
    Socket.last.breaks()
    link.leave()
    await wait(120)
    const tried = Socket.all.length
    await wait(120)
    expect(Socket.all.length).toBe(tried)
  })
})

describe('a link that is closed', () => {
  it('joins no more, however far it had come', async () => {
    Socket.last.opens()
    link.close()
    await wait(0)
    expect([Socket.last.readyState, await joined]).toEqual([3, 'unreachable'])
  })
})

/**
 * The browser's one socket for everything that must arrive without asking: pages, notices, hints.
 *
 * No framework here. Items carry offsets per person; after any cut the socket says the last offset
 * it handled and the server sends the rest, so nothing is lost and nothing is shown twice.
 */
import { reconnectWait } from './backoff'
import type { ServerClock } from './clock'

export type LinkState = 'connecting' | 'online' | 'reconnecting' | 'offline' | 'closed'

export interface Link {
  state: LinkState
  /** Local time since when it is in this state, milliseconds since 1970. */
  since: number
}

export interface StreamItem {
  type: 'item'
  offset: number
  kind: string
  data: Record<string, unknown>
}

export type StreamMessage =
  | StreamItem
  | { type: 'welcome'; offset: number; server_time: string }
  | { type: 'time'; t1: number; t2: number; t3: number }
  | { type: 'ping' }
  | { type: 'pong' }
  | { type: 'case'; case_id: string; version: number }
  | { type: 'woman'; pregnancy_id: string }
  /** Hints may have been lost: everything on the screen is asked for again. */
  | { type: 'board' }
  | { type: 'bye'; code: string }

export interface SocketLike {
  onopen: ((event: Event) => void) | null
  onmessage: ((event: MessageEvent) => void) | null
  onclose: ((event: CloseEvent) => void) | null
  send(data: string): void
  close(code?: number): void
}

export interface StreamOptions {
  url: string
  /** Where the last handled offset is kept across reloads; one key per account. */
  storageKey: string
  clock: ServerClock
  storage?: Pick<Storage, 'getItem' | 'setItem'>
  open?: (url: string) => SocketLike
  random?: () => number
  online?: () => boolean
}

const BEAT_MS = 5_000
const DEAD_MS = 15_000
const TIME_EVERY_BEATS = 6

export class LiveStream {
  link: Link
  private socket: SocketLike | null = null
  private offset: number
  /** Nothing remembered on this device: what happened before is in the lists, not news. */
  private fresh: boolean
  private attempt = 0
  private heardAt = 0
  private beats = 0
  private beatTimer: ReturnType<typeof setInterval> | null = null
  private retryTimer: ReturnType<typeof setTimeout> | null = null
  private readonly receipts = new Map<string, 'delivered' | 'seen'>()
  private readonly listeners = new Set<(message: StreamMessage) => void>()
  private readonly linkListeners = new Set<(link: Link) => void>()
  private readonly storage: Pick<Storage, 'getItem' | 'setItem'>
  private readonly open: (url: string) => SocketLike
  private readonly random: () => number
  private readonly networkUp: () => boolean

  constructor(private readonly options: StreamOptions) {
    this.storage = options.storage ?? localStorage
    this.open = options.open ?? ((url) => new WebSocket(url))
    this.random = options.random ?? Math.random
    this.networkUp = options.online ?? (() => navigator.onLine)
    const stored = this.storage.getItem(options.storageKey)
    this.fresh = stored === null
    this.offset = Number(stored ?? 0) || 0
    this.link = { state: 'connecting', since: options.clock.local() }
  }

  get lastOffset(): number {
    return this.offset
  }

  onMessage(listener: (message: StreamMessage) => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  onLink(listener: (link: Link) => void): () => void {
    this.linkListeners.add(listener)
    return () => this.linkListeners.delete(listener)
  }

  start(): void {
    if (this.socket !== null || this.retryTimer !== null) return
    this.connect()
  }

  /** Stops for good (log-out, session revoked). */
  stop(): void {
    this.clearTimers()
    this.drop()
    this.setLink('closed')
  }

  /** The network came back or the page woke: do not sit out the back-off. */
  nudge(): void {
    if (this.link.state === 'closed' || this.link.state === 'online') return
    if (this.retryTimer !== null) clearTimeout(this.retryTimer)
    this.retryTimer = null
    this.attempt = 0
    if (this.socket === null) this.connect()
  }

  /** Tells the server that this device showed the page; kept and resent until a socket takes it. */
  receipt(pageId: string, state: 'delivered' | 'seen'): void {
    if (this.receipts.get(pageId) === 'seen') return
    this.receipts.set(pageId, state)
    if (this.link.state === 'online') this.post({ type: 'receipt', page_id: pageId, state })
  }

  private connect(): void {
    this.retryTimer = null
    if (this.attempt > 0) this.setLink(this.networkUp() ? 'reconnecting' : 'offline')
    const socket = this.open(this.options.url)
    this.socket = socket
    this.heardAt = this.options.clock.local()
    socket.onopen = () => {
      this.post({ type: 'hello', offset: this.fresh ? null : this.offset, visible: isVisible() })
    }
    socket.onmessage = (event) => this.receive(event.data)
    socket.onclose = () => this.lost(socket)
    this.beatTimer ??= setInterval(() => this.beat(), BEAT_MS)
  }

  private receive(data: unknown): void {
    this.heardAt = this.options.clock.local()
    if (typeof data !== 'string') return
    let message: StreamMessage
    try {
      message = JSON.parse(data) as StreamMessage
    } catch {
      return
    }
    switch (message.type) {
      case 'welcome':
        this.welcomed(message.offset, message.server_time)
        break
      case 'time':
        this.options.clock.add({ ...message, t4: this.options.clock.local() })
        return
      case 'ping':
        // A hidden tab's own timer may run once a minute; an answer needs no timer.
        this.post({ type: 'pong' })
        return
      case 'pong':
        return
      case 'item':
        if (message.offset <= this.offset) return
        break
      case 'bye':
        this.stop()
        break
    }
    for (const listener of this.listeners) listener(message)
    // Moved on only after every listener took it: a crash in between shows the item again.
    if (message.type === 'item') this.moveTo(message.offset)
  }

  /** `from` is where the server goes on: what we said, the newest if we said nothing or too much. */
  private welcomed(from: number, serverTime: string): void {
    this.attempt = 0
    this.options.clock.seed(Date.parse(serverTime))
    // A restored or exchanged server may be behind what we remember.
    if (this.fresh || from < this.offset) this.moveTo(from)
    this.fresh = false
    this.setLink('online')
    this.askTime()
    for (const [pageId, state] of this.receipts) {
      this.post({ type: 'receipt', page_id: pageId, state })
    }
  }

  private beat(): void {
    if (this.socket === null) return
    if (this.options.clock.local() - this.heardAt > DEAD_MS) {
      const dead = this.socket
      this.drop()
      this.lost(dead)
      return
    }
    if (this.link.state !== 'online') return
    this.post({ type: 'ping' })
    this.beats += 1
    if (this.beats < TIME_EVERY_BEATS || this.beats % TIME_EVERY_BEATS === 0) this.askTime()
  }

  private askTime(): void {
    this.post({ type: 'time', t1: this.options.clock.local() })
  }

  private lost(socket: SocketLike): void {
    if (this.socket !== null && this.socket !== socket) return
    this.socket = null
    if (this.link.state === 'closed' || this.retryTimer !== null) return
    this.setLink(this.networkUp() ? 'reconnecting' : 'offline')
    const wait = reconnectWait(this.attempt, this.random)
    this.attempt += 1
    this.retryTimer = setTimeout(() => this.connect(), wait)
  }

  private drop(): void {
    const socket = this.socket
    this.socket = null
    if (socket === null) return
    socket.onopen = socket.onmessage = socket.onclose = null
    socket.close()
  }

  private post(message: Record<string, unknown>): void {
    try {
      this.socket?.send(JSON.stringify(message))
    } catch {
      // Closing under our hands: onclose follows and the receipts are resent.
    }
  }

  private moveTo(offset: number): void {
    this.offset = offset
    this.storage.setItem(this.options.storageKey, String(offset))
  }

  private setLink(state: LinkState): void {
    if (this.link.state === state) return
    this.link = { state, since: this.options.clock.local() }
    for (const listener of this.linkListeners) listener(this.link)
  }

  private clearTimers(): void {
    if (this.beatTimer !== null) clearInterval(this.beatTimer)
    if (this.retryTimer !== null) clearTimeout(this.retryTimer)
    this.beatTimer = this.retryTimer = null
  }
}

function isVisible(): boolean {
  return typeof document === 'undefined' || document.visibilityState === 'visible'
}

/** `/api/stream` as an absolute socket address of the page's own origin. */
export function streamUrl(path: string, at: Location = location): string {
  return `${at.protocol === 'https:' ? 'wss' : 'ws'}://${at.host}${path}`
}

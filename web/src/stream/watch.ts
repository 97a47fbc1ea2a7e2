/**
 * Client of the CTG gateway's watch socket: history on subscribing, then live bundles.
 *
 * One connection serves all strips of the page; each strip gets its frames through `onFrame`.
 */
import { reconnectWait } from './backoff'
import { Frame, decodeBundle } from './frames'

export const WATCH_SUBPROTOCOL = 'yunshang.ctg.watch.v1'

export interface WatchEvents {
  /** The frame object is reused: copy what is needed before returning. */
  onFrame(frame: Frame): void
  /** The gateway's word on the recording: gap, alarm, state, analysis, resync. */
  onEvent(event: WatchEvent): void
  /** Connected and subscribed, or not (the strip then says that it is not live). */
  onLink(up: boolean): void
}

/** `subscribed`, `state`, `gap`, `resync`, `refused`, `alarm`, `analysis`. */
export interface WatchEvent {
  type: string
  recording?: string
  code?: string
  from?: number
  to?: number
  /** Whether the monitor's line to the gateway is up. */
  connected?: boolean
  /** Delay of the newest second as the gateway measured it, milliseconds. */
  lag_ms?: number | null
  /** When the gateway heard the monitor last, ns since 1970 by the server's clock. */
  heard_ns?: number | null
  closed_at?: string | null
  last_seq?: number
  bed?: string | null
  device?: string
  [key: string]: unknown
}

export interface WatchOptions {
  url: string
  open?: (url: string, protocol: string) => WebSocket
  random?: () => number
}

/** How far back to begin; asked again after every cut, when less may do. */
export type Since = number | (() => number)

interface Watched {
  events: WatchEvents
  since: Since
  view: number | null
  /** Already asked for on this connection. */
  asked: boolean
}

const SILENT_MS = 15_000

export class WatchClient {
  private socket: WebSocket | null = null
  private attempt = 0
  private retryTimer: ReturnType<typeof setTimeout> | null = null
  private silenceTimer: ReturnType<typeof setInterval> | null = null
  private heardAt = 0
  private asking = false
  private readonly watched = new Map<string, Watched>()
  private readonly byView = new Map<number, WatchEvents>()
  private readonly frame = new Frame()
  private readonly deliver = (frame: Frame): void => this.byView.get(frame.view)?.onFrame(frame)
  private readonly open: (url: string, protocol: string) => WebSocket
  private readonly random: () => number

  constructor(private readonly options: WatchOptions) {
    this.open = options.open ?? ((url, protocol) => new WebSocket(url, protocol))
    this.random = options.random ?? Math.random
  }

  /** Starts showing a recording; the returned function stops it. */
  watch(recording: string, since: Since, events: WatchEvents): () => void {
    const entry: Watched = { events, since, view: null, asked: false }
    this.watched.set(recording, entry)
    if (this.socket === null) this.connect()
    else this.askSoon()
    return () => {
      if (this.watched.get(recording) !== entry) return
      this.watched.delete(recording)
      if (entry.view !== null) this.byView.delete(entry.view)
      if (entry.asked) this.post({ type: 'unsubscribe', recordings: [recording] })
      if (this.watched.size === 0) this.dispose()
    }
  }

  dispose(): void {
    if (this.retryTimer !== null) clearTimeout(this.retryTimer)
    if (this.silenceTimer !== null) clearInterval(this.silenceTimer)
    this.retryTimer = this.silenceTimer = null
    const socket = this.socket
    this.socket = null
    this.byView.clear()
    if (socket === null) return
    socket.onopen = socket.onmessage = socket.onclose = null
    socket.close()
  }

  private connect(): void {
    this.retryTimer = null
    if (this.watched.size === 0) return
    const socket = this.open(this.options.url, WATCH_SUBPROTOCOL)
    socket.binaryType = 'arraybuffer'
    this.socket = socket
    this.heardAt = Date.now()
    socket.onopen = () => this.ask()
    socket.onmessage = (event) => this.receive(event.data)
    socket.onclose = () => this.lost()
    this.silenceTimer ??= setInterval(() => this.checkSilence(), SILENT_MS / 3)
  }

  private receive(data: unknown): void {
    this.heardAt = Date.now()
    if (data instanceof ArrayBuffer) {
      decodeBundle(data, this.frame, this.deliver)
      return
    }
    if (typeof data !== 'string') return
    const event = JSON.parse(data) as WatchEvent
    if (event.type === 'subscribed') this.subscribed(event)
    const target = event.recording === undefined ? undefined : this.watched.get(event.recording)
    if (target !== undefined) target.events.onEvent(event)
    else if (event.recording === undefined) {
      for (const { events } of this.watched.values()) events.onEvent(event)
    }
  }

  private subscribed(event: WatchEvent): void {
    const view = event['view']
    const entry = event.recording === undefined ? undefined : this.watched.get(event.recording)
    if (entry === undefined || typeof view !== 'number') return
    this.attempt = 0
    entry.view = view
    this.byView.set(view, entry.events)
    entry.events.onLink(true)
  }

  /** A wall asks for all its strips in one breath: one message, not sixty-four. */
  private askSoon(): void {
    if (this.asking) return
    this.asking = true
    queueMicrotask(() => {
      this.asking = false
      this.ask()
    })
  }

  private ask(): void {
    if (this.socket?.readyState !== WebSocket.OPEN) return
    const bySince = new Map<number, string[]>()
    for (const [recording, entry] of this.watched) {
      if (entry.asked) continue
      entry.asked = true
      const since = typeof entry.since === 'number' ? entry.since : entry.since()
      bySince.set(since, [...(bySince.get(since) ?? []), recording])
    }
    for (const [since, recordings] of bySince) this.post({ type: 'subscribe', recordings, since_s: since })
  }

  private post(message: Record<string, unknown>): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message))
  }

  private checkSilence(): void {
    // The gateway tells every view's state each 5 s even when the monitor is off.
    if (Date.now() - this.heardAt > SILENT_MS) this.socket?.close()
  }

  private lost(): void {
    this.socket = null
    this.byView.clear()
    for (const entry of this.watched.values()) {
      entry.view = null
      entry.asked = false
      entry.events.onLink(false)
    }
    if (this.watched.size === 0 || this.retryTimer !== null) return
    this.retryTimer = setTimeout(() => this.connect(), reconnectWait(this.attempt, this.random))
    this.attempt += 1
  }
}

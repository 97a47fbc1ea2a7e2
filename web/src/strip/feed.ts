/**
 * What one strip knows: its samples, when they came, and what the gateway said about the monitor.
 *
 * No framework here. The watch socket feeds it; whoever draws asks `status` when it is time to.
 */
import { LABELS, type Fetus, type Labels, labelsOf } from './fetuses'
import { type FrameSamples, StripRing } from './ring'
import { type StripStatus, stripStatus } from './status'

/** What a strip uses of the gateway's words; the socket's own type has more. */
export interface StripNotice {
  type: string
  code?: string
  from?: number
  to?: number
  connected?: boolean
  lag_ms?: number | null
  /** When the gateway heard the monitor last, ns since 1970 by the server's clock. */
  heard_ns?: number | null
  closed_at?: string | null
  /** Of a state: the monitor has ended the recording, it was not cut. */
  closed?: boolean
  last_seq?: number
  bed?: string | null
  device?: string
  fetuses?: readonly (readonly [string, string])[]
}

export interface FeedClock {
  /** This device's monotonic time, milliseconds since 1970. */
  local(): number
  /** The server's time as seen from here, milliseconds since 1970. */
  now(): number
}

export interface FeedOptions {
  clock: FeedClock
  /** Seconds that the ring holds. */
  seconds?: number
  /** How long the paper runs on when nothing comes: yesterday's monitor is not a live strip. */
  runOnSeconds?: number
  /** Something besides samples changed: link, end, refusal. */
  onChange?: () => void
  /** The gateway left out seconds `from`–`to` to keep up; they lie ready over HTTP. */
  onMissed?: (from: number, to: number) => void
}

const RUN_ON_S = 120
/** Frames that come while one is asked for again: a little overlap costs nothing. */
const OVERLAP_S = 30

export class StripFeed {
  readonly ring: StripRing
  device = ''
  bed = ''
  /** Whom fhr1, fhr2 and fhr3 hear. */
  fetuses: Labels = LABELS
  /** Why the gateway does not show it, if so. */
  refused: string | null = null
  closed = false
  linkUp = false
  private arrivedMs: number
  private reportedLagMs: number | null = null
  private connected: boolean | null = null
  private historyUpTo = 0

  constructor(private readonly options: FeedOptions) {
    this.ring = new StripRing(options.seconds)
    this.arrivedMs = options.clock.local()
  }

  reset(): void {
    this.ring.clear()
    this.historyUpTo = 0
    this.reportedLagMs = this.connected = this.refused = null
    this.linkUp = this.closed = false
    this.device = this.bed = ''
    this.fetuses = LABELS
  }

  readonly onFrame = (frame: FrameSamples): void => {
    // History does not make the strip look alive; only what comes after it does.
    if (frame.seq > Math.max(this.ring.lastSeq, this.historyUpTo)) this.arrivedMs = this.options.clock.local()
    this.ring.put(frame)
  }

  /** What is stored stands, whatever was shown of that second before. */
  readonly onStored = (frame: FrameSamples): void => {
    this.ring.put(frame, true)
  }

  readonly onLink = (up: boolean): void => {
    this.linkUp = up
    this.options.onChange?.()
  }

  readonly onEvent = (event: StripNotice): void => {
    if (event.type === 'resync') this.missed(event.from, event.to)
    else if (event.type === 'refused') this.refused = event.code ?? 'ctg.refused'
    else if (event.type === 'subscribed' || event.type === 'state') this.heard(event)
    else return
    if (event.type !== 'state') this.options.onChange?.()
  }

  /** The recording is over; said by whoever hears of it first, gateway or list. */
  ended(): void {
    if (this.connected === true || this.closed) return
    this.closed = true
    this.options.onChange?.()
  }

  status(): StripStatus {
    const { clock } = this.options
    return stripStatus(this.ring, {
      serverNowMs: clock.now(),
      localNowMs: clock.local(),
      arrivedMs: this.arrivedMs,
      reportedLagMs: this.reportedLagMs,
      connected: this.connected,
      linkUp: this.linkUp,
      closed: this.closed,
    })
  }

  /** Seconds since the newest frame arrived, for the live edge of the paper. */
  readonly edgeAgeSeconds = (): number => {
    if (this.closed) return 0
    const age = (this.options.clock.local() - this.arrivedMs) / 1000
    return Math.min(this.options.runOnSeconds ?? RUN_ON_S, Math.max(0, age))
  }

  /**
   * How far back to ask after a cut: from the oldest second missing here, at most `most`.
   *
   * A hole may have been filled while this page was away, so the hole is asked for, not only what
   * came since.
   */
  secondsToAsk(most: number): number {
    const { ring } = this
    if (ring.lastSeq === 0) return most
    const from = Math.max(ring.firstSeq, ring.lastSeq - most)
    const hole = ring.firstMissing(from, ring.lastSeq)
    const away = (this.options.clock.local() - this.arrivedMs) / 1000
    return Math.min(most, Math.ceil(ring.lastSeq - hole + 1 + away) + OVERLAP_S)
  }

  private missed(from: number | undefined, to: number | undefined): void {
    if (typeof from === 'number' && typeof to === 'number') this.options.onMissed?.(from, to)
  }

  private heard(event: StripNotice): void {
    if (typeof event.connected === 'boolean') this.connected = event.connected
    if (typeof event.lag_ms === 'number') this.reportedLagMs = event.lag_ms
    // A line that is up again goes on with what was ended; a state that does not say changes nothing.
    if (event.connected === true) this.closed = false
    else if (event.closed === true) this.ended()
    if (event.type === 'state') return
    this.refused = null
    this.closed = typeof event.closed_at === 'string'
    this.device = event.device ?? ''
    this.bed = event.bed ?? ''
    this.fetuses = labelsOf((event.fetuses ?? []).map(([channel, label]): Fetus => ({ channel, label })))
    this.historyUpTo = event.last_seq ?? 0
    if (typeof event.heard_ns === 'number') {
      const { clock } = this.options
      this.arrivedMs = clock.local() - Math.max(0, clock.now() - event.heard_ns / 1e6)
    }
  }
}

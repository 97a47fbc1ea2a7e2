/**
 * The server's clock as seen from this device (four-timestamp exchange, RFC 5905 §8).
 *
 * All times are milliseconds since 1970 UTC.
 */

export interface Exchange {
  /** Sent by us, our clock. */
  t1: number
  /** Received by the server, its clock. */
  t2: number
  /** Answered by the server, its clock. */
  t3: number
  /** Received by us, our clock. */
  t4: number
}

/** How far the server is ahead of us, and how long the round trip took; both in milliseconds. */
export function measure({ t1, t2, t3, t4 }: Exchange): { offsetMs: number; roundTripMs: number } {
  return { offsetMs: (t2 - t1 + (t3 - t4)) / 2, roundTripMs: t4 - t1 - (t3 - t2) }
}

/** Exchanges kept; the one with the shortest round trip bounds the error best. */
const KEPT = 8

export class ServerClock {
  private readonly samples: { offsetMs: number; roundTripMs: number }[] = []
  private best = { offsetMs: 0, roundTripMs: Infinity }

  constructor(private readonly localNow: () => number = monotonicNow) {}

  get synchronised(): boolean {
    return this.samples.length > 0
  }

  get offsetMs(): number {
    return this.best.offsetMs
  }

  get roundTripMs(): number {
    return this.best.roundTripMs
  }

  local(): number {
    return this.localNow()
  }

  now(): number {
    return this.localNow() + this.best.offsetMs
  }

  add(exchange: Exchange): void {
    const sample = measure(exchange)
    if (!Number.isFinite(sample.offsetMs) || sample.roundTripMs < 0) return
    this.samples.push(sample)
    if (this.samples.length > KEPT) this.samples.shift()
    this.best = this.samples.reduce((a, b) => (b.roundTripMs < a.roundTripMs ? b : a))
  }

  /** A coarse first guess from a `server_time`, before any exchange came back. */
  seed(serverMs: number): void {
    if (this.synchronised) return
    this.best = { offsetMs: serverMs - this.localNow(), roundTripMs: Infinity }
  }
}

/** Local time that does not jump when somebody corrects the PC's clock. */
export function monotonicNow(): number {
  return performance.timeOrigin + performance.now()
}

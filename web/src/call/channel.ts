/**
 * The client's side of a channel that survives a lost socket: numbered, acknowledged, sent again.
 * Mirrors consult/media/forward/channel.py; knows no socket.
 */
import type { FromWorker, ToWorker } from './messages'

/** After so many frames taken without a word of ours, one that only acknowledges is due. */
const ACKNOWLEDGE_EVERY = 8

export interface Frame {
  seq?: number
  ack?: number
  body?: FromWorker
}

export class Channel {
  /** The last number that came from the worker. */
  seen = 0
  private sent = 0
  private said = 0
  private unseen: { seq: number; body: ToWorker }[] = []

  /** The frame that carries `body`; kept until it is acknowledged. */
  send(body: ToWorker): string {
    this.sent += 1
    this.unseen.push({ seq: this.sent, body })
    return this.frame(this.sent, body)
  }

  /** What is new in a frame, if anything. */
  receive(frame: Frame): FromWorker | null {
    this.took(frame.ack ?? 0)
    if (frame.body === undefined || (frame.seq ?? 0) <= this.seen) return null
    this.seen = frame.seq ?? 0
    return frame.body
  }

  /** A frame that only acknowledges, when it is time for one. */
  acknowledge(): string | null {
    if (this.seen - this.said < ACKNOWLEDGE_EVERY) return null
    this.said = this.seen
    return JSON.stringify({ ack: this.seen })
  }

  /** A new socket: all that the worker, which has up to `ack`, has not seen. */
  resume(ack: number): string[] {
    this.took(ack)
    return this.unseen.map(({ seq, body }) => this.frame(seq, body))
  }

  /** Whether the worker has all that was said. */
  get acknowledged(): boolean {
    return this.unseen.length === 0
  }

  private took(ack: number): void {
    this.unseen = this.unseen.filter(({ seq }) => seq > ack)
  }

  private frame(seq: number, body: ToWorker): string {
    this.said = this.seen
    return JSON.stringify({ seq, ack: this.seen, body })
  }
}

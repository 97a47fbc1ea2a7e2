/**
 * Stored seconds over HTTP: what the live path left out for a slow viewer, or history further back.
 *
 * One request at a time for the whole page: sixty-four strips that were asleep must not come back
 * as a storm. Ranges of the same recording that wait are joined.
 */
import { api } from '@/api/client'
import { FRAME_BYTES, Frame, decodeFrame } from '@/stream/frames'

type Take = (frame: Frame) => void

interface Wanted {
  recording: string
  from: number
  to: number
  take: Take
  done: ((ok: boolean) => void)[]
}

export type Fetch = (recording: string, from: number, to: number) => Promise<ArrayBuffer>

/** The route's own page: one hour. */
const PAGE_SECONDS = 3_600

async function download(recording: string, from: number, to: number): Promise<ArrayBuffer> {
  const bytes = await api.download(`/api/ctg/recordings/${recording}/frames?from_seq=${from}&to_seq=${to}`)
  return bytes.arrayBuffer()
}

export class StoredFrames {
  private waiting: Wanted[] = []
  private running = false
  private over = false
  private readonly frame = new Frame()

  constructor(private readonly get: Fetch = download) {}

  /** Asks for `from`–`to`, both included; true once they were handed to `take`. */
  fetch(recording: string, from: number, to: number, take: Take): Promise<boolean> {
    if (this.over || from > to) return Promise.resolve(false)
    return new Promise((done) => {
      const same = this.waiting.find((one) => one.recording === recording)
      if (same === undefined) this.waiting.push({ recording, from, to, take, done: [done] })
      else {
        same.from = Math.min(same.from, from)
        same.to = Math.max(same.to, to)
        same.done.push(done)
      }
      void this.run()
    })
  }

  dispose(): void {
    this.over = true
    for (const one of this.waiting) for (const done of one.done) done(false)
    this.waiting = []
  }

  private async run(): Promise<void> {
    if (this.running) return
    this.running = true
    for (let next = this.waiting.shift(); next !== undefined; next = this.waiting.shift()) {
      const ok = await this.one(next)
      for (const done of next.done) done(ok)
    }
    this.running = false
  }

  private async one({ recording, from, to, take }: Wanted): Promise<boolean> {
    try {
      for (let first = from; first <= to && !this.over; first += PAGE_SECONDS) {
        const bytes = new DataView(await this.get(recording, first, Math.min(to, first + PAGE_SECONDS - 1)))
        for (let at = 0; at < bytes.byteLength && !this.over; at += FRAME_BYTES) {
          decodeFrame(bytes, at, this.frame)
          take(this.frame)
        }
      }
      return !this.over
    } catch {
      // The hole stays hatched; the next cut or resync asks again.
      return false
    }
  }
}

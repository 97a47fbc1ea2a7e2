/**
 * The last hours of one monitor's samples, 4 per second, found by frame number.
 *
 * Fixed typed arrays, nothing is allocated while samples come in. A second that never arrived is a
 * gap; a sample that arrived as "lost" is a lost sample: the paper shows them differently.
 */

export const SAMPLES_PER_SECOND = 4
export const TOCO_LOST = 255
/** Valid rates, quarter-bpm. What lies outside is kept as it came, and is no rate: 0 is a lost signal. */
const RATE_MIN = 30 * 4
const RATE_MAX = 240 * 4

export function isRate(quarters: number): boolean {
  return quarters >= RATE_MIN && quarters <= RATE_MAX
}

/** What the ring copies out of a decoded frame. */
export interface FrameSamples {
  seq: number
  flags: number
  deviceMs: number
  fhr1: Uint16Array
  fhr2: Uint16Array
  fhr3: Uint16Array
  mhr: Uint16Array
  toco: Uint8Array
  marks: Uint16Array
}

export class StripRing {
  readonly seconds: number
  /** Quarter-bpm, 0 = lost. */
  readonly fhr1: Uint16Array
  readonly fhr2: Uint16Array
  readonly fhr3: Uint16Array
  readonly mhr: Uint16Array
  /** Half units, 255 = lost. */
  readonly toco: Uint8Array
  readonly marks: Uint16Array
  readonly flags: Uint16Array
  /** First and last frame number seen; 0 = nothing yet. */
  firstSeq = 0
  lastSeq = 0
  /** Device time at the start of `lastSeq`, milliseconds since 1970. */
  lastDeviceMs = 0
  /** Grows with every stored second: the drawer's reason to draw again. */
  version = 0
  hasTwin = false
  hasTriplet = false
  hasMaternal = false
  /** Seconds stored and seconds with at least one valid fhr1, since the ring was made. */
  storedSeconds = 0
  private readonly seqAt: Uint32Array

  constructor(seconds = 8192) {
    this.seconds = seconds
    const samples = seconds * SAMPLES_PER_SECOND
    this.fhr1 = new Uint16Array(samples)
    this.fhr2 = new Uint16Array(samples)
    this.fhr3 = new Uint16Array(samples)
    this.mhr = new Uint16Array(samples)
    this.toco = new Uint8Array(samples)
    this.marks = new Uint16Array(samples)
    this.flags = new Uint16Array(seconds)
    this.seqAt = new Uint32Array(seconds)
  }

  /** Stores one second; false when it is older than the ring reaches back, or here already and not to be replaced. */
  put(frame: FrameSamples, replacing = false): boolean {
    const { seq } = frame
    if (seq < 1 || (this.lastSeq > 0 && seq + this.seconds <= this.lastSeq)) return false
    const slot = seq % this.seconds
    const known = this.seqAt[slot] === seq
    if (known && !replacing) return false
    const at = slot * SAMPLES_PER_SECOND
    for (let i = 0; i < SAMPLES_PER_SECOND; i += 1) {
      this.fhr1[at + i] = frame.fhr1[i] ?? 0
      this.fhr2[at + i] = frame.fhr2[i] ?? 0
      this.fhr3[at + i] = frame.fhr3[i] ?? 0
      this.mhr[at + i] = frame.mhr[i] ?? 0
      this.toco[at + i] = frame.toco[i] ?? TOCO_LOST
      this.marks[at + i] = frame.marks[i] ?? 0
      if (isRate(frame.fhr2[i] ?? 0)) this.hasTwin = true
      if (isRate(frame.fhr3[i] ?? 0)) this.hasTriplet = true
      if (isRate(frame.mhr[i] ?? 0)) this.hasMaternal = true
    }
    this.flags[slot] = frame.flags
    this.seqAt[slot] = seq
    if (this.firstSeq === 0 || seq < this.firstSeq) this.firstSeq = seq
    if (seq > this.lastSeq) {
      this.lastSeq = seq
      this.lastDeviceMs = frame.deviceMs
    }
    if (!known) this.storedSeconds += 1
    this.version += 1
    return true
  }

  has(seq: number): boolean {
    return seq > 0 && this.seqAt[seq % this.seconds] === seq
  }

  /** Index of the first of the four samples of `seq`; only meaningful when `has(seq)`. */
  indexOf(seq: number): number {
    return (seq % this.seconds) * SAMPLES_PER_SECOND
  }

  /** Device time at the start of `seq`, counted back from the newest frame. */
  deviceMsOf(seq: number): number {
    return this.lastDeviceMs + (seq - this.lastSeq) * 1000
  }

  /** Seconds missing between two frame numbers, both included. */
  missingSeconds(from: number, to: number): number {
    let missing = 0
    for (let seq = Math.max(1, from); seq <= to; seq += 1) if (!this.has(seq)) missing += 1
    return missing
  }

  /** The first second missing between two frame numbers, both included; `to + 1` if there is none. */
  firstMissing(from: number, to: number): number {
    let seq = Math.max(1, from)
    while (seq <= to && this.has(seq)) seq += 1
    return seq
  }

  /** Gaps between two frame numbers as [from, to] pairs, oldest first. */
  gaps(from: number, to: number): [number, number][] {
    const found: [number, number][] = []
    let start = 0
    for (let seq = Math.max(1, from); seq <= to + 1; seq += 1) {
      const missing = seq <= to && !this.has(seq)
      if (missing && start === 0) start = seq
      if (!missing && start !== 0) {
        found.push([start, seq - 1])
        start = 0
      }
    }
    return found
  }

  clear(): void {
    this.seqAt.fill(0)
    this.firstSeq = this.lastSeq = this.lastDeviceMs = 0
    this.storedSeconds = 0
    this.hasTwin = this.hasTriplet = this.hasMaternal = false
    this.version += 1
  }
}

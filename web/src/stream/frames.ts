/**
 * Watching side of the CTG stream protocol: 80-byte frames, one second of one monitor each.
 *
 * Little-endian; layout in docs/ctg-protocol. Decoding fills a reused `Frame`: 64 strips at one
 * frame per second must not feed the garbage collector.
 */

export const FRAME_BYTES = 80
export const SAMPLES_PER_FRAME = 4
const VERSION = 1
const KIND_FRAME = 1
const KIND_WATCH_BUNDLE = 4
const BUNDLE_HEADER_BYTES = 8
const FIRST_SAMPLE = 24
const SAMPLE_BYTES = 12

export const FLAG_BACKFILL = 1
export const FLAG_CLOCK_UNSYNCHRONISED = 2
export const FLAG_BATTERY_LOW = 4
export const FLAG_FIRST = 8
export const FLAG_TRANSDUCER_CHANGE = 16

export class Frame {
  flags = 0
  /** The number the gateway gave this recording on this connection. */
  view = 0
  seq = 0
  /** Device time of the first sample, milliseconds since 1970 UTC. */
  deviceMs = 0
  /** Quarter-bpm, 0 = lost. */
  readonly fhr1 = new Uint16Array(SAMPLES_PER_FRAME)
  readonly fhr2 = new Uint16Array(SAMPLES_PER_FRAME)
  readonly fhr3 = new Uint16Array(SAMPLES_PER_FRAME)
  readonly mhr = new Uint16Array(SAMPLES_PER_FRAME)
  /** Half units, 0–127 uncalibrated, 255 = lost. */
  readonly toco = new Uint8Array(SAMPLES_PER_FRAME)
  /** Per cent, 0 = lost. */
  readonly spo2 = new Uint8Array(SAMPLES_PER_FRAME)
  /** Bits 0–5 quality of fhr1–3, 6 mhr present, 7 coincidence, 8–10 marks. */
  readonly marks = new Uint16Array(SAMPLES_PER_FRAME)
}

export class MalformedFrame extends Error {}

/** Reads the frame at `offset` into `into`. */
export function decodeFrame(view: DataView, offset: number, into: Frame): void {
  if (view.byteLength < offset + FRAME_BYTES) throw new MalformedFrame('short frame')
  if (view.getUint8(offset) !== VERSION || view.getUint8(offset + 1) !== KIND_FRAME) {
    throw new MalformedFrame('not a frame')
  }
  into.flags = view.getUint16(offset + 2, true)
  into.view = view.getUint32(offset + 4, true)
  into.seq = view.getUint32(offset + 8, true)
  // Nanoseconds exceed 2^53; milliseconds from two halves do not, and avoid a BigInt per frame.
  const low = view.getUint32(offset + 16, true)
  const high = view.getUint32(offset + 20, true)
  into.deviceMs = high * 4294.967296 + low / 1e6
  for (let i = 0; i < SAMPLES_PER_FRAME; i += 1) {
    const at = offset + FIRST_SAMPLE + i * SAMPLE_BYTES
    into.fhr1[i] = view.getUint16(at, true)
    into.fhr2[i] = view.getUint16(at + 2, true)
    into.fhr3[i] = view.getUint16(at + 4, true)
    into.mhr[i] = view.getUint16(at + 6, true)
    into.toco[i] = view.getUint8(at + 8)
    into.spo2[i] = view.getUint8(at + 9)
    into.marks[i] = view.getUint16(at + 10, true)
  }
}

/** Walks a watch bundle, calling `each` with the same `Frame` every time; returns how many. */
export function decodeBundle(message: ArrayBuffer, into: Frame, each: (frame: Frame) => void): number {
  const view = new DataView(message)
  if (
    view.byteLength < BUNDLE_HEADER_BYTES ||
    view.getUint8(0) !== VERSION ||
    view.getUint8(1) !== KIND_WATCH_BUNDLE
  ) {
    throw new MalformedFrame('not a watch bundle')
  }
  const count = view.getUint16(2, true)
  if (view.byteLength !== BUNDLE_HEADER_BYTES + count * FRAME_BYTES) {
    throw new MalformedFrame('bundle length does not fit its count')
  }
  for (let i = 0; i < count; i += 1) {
    decodeFrame(view, BUNDLE_HEADER_BYTES + i * FRAME_BYTES, into)
    each(into)
  }
  return count
}

/**
 * From what the server sends to what is seen. Knows no Vue and no page.
 *
 * Deep greys come with the high byte in red and the low byte in green, so that brightness and
 * contrast are set here, without another trip and without loss.
 */

/** Numbers that an instance has for its pixels; see `ScanInstance`. */
export interface Scale {
  bits: number
  offset: number
  inverted: boolean
  slope: number
  intercept: number
  window_center: number | null
  window_width: number | null
}

/** Brightness (the middle grey's value) and contrast (the values from black to white). */
export interface Window {
  center: number
  width: number
}

/** One decoded frame: a value a pixel for greys, four bytes a pixel for colours. */
export interface Frame {
  columns: number
  rows: number
  grey: Uint8Array | Uint16Array | null
  rgba: Uint8ClampedArray | null
}

export const AS_IT_IS: Window = { center: 127.5, width: 255 }
const COLOUR = 2

/** Each PNG behind its length, four bytes little-endian. */
export function unpacked(pack: ArrayBuffer): Uint8Array[] {
  const view = new DataView(pack)
  const found: Uint8Array[] = []
  for (let at = 0; at + 4 <= view.byteLength; ) {
    const size = view.getUint32(at, true)
    found.push(new Uint8Array(pack, at + 4, Math.min(size, view.byteLength - at - 4)))
    at += 4 + size
  }
  return found
}

/** Whether a PNG has colours; its header says so at byte 25. */
export function isColour(png: Uint8Array): boolean {
  return png[25] === COLOUR
}

/** A decoded picture as a frame. */
export function frameOf(picture: { width: number; height: number; data: Uint8ClampedArray }, scale: Scale, colour: boolean): Frame {
  const size = { columns: picture.width, rows: picture.height }
  const { data } = picture
  if (scale.bits === 16) {
    const grey = new Uint16Array(picture.width * picture.height)
    for (let n = 0; n < grey.length; n += 1) grey[n] = ((data[n * 4] ?? 0) << 8) | (data[n * 4 + 1] ?? 0)
    return { ...size, grey, rgba: null }
  }
  if (colour) return { ...size, grey: null, rgba: data }
  const grey = new Uint8Array(picture.width * picture.height)
  for (let n = 0; n < grey.length; n += 1) grey[n] = data[n * 4] ?? 0
  return { ...size, grey, rgba: null }
}

/** The file's own window; for deep greys without one, from the darkest to the brightest value. */
export function firstWindow(scale: Scale, frame: Frame): Window {
  if (scale.bits !== 16) return AS_IT_IS
  if (scale.window_center !== null && scale.window_width !== null && scale.window_width >= 1) {
    return { center: scale.window_center, width: scale.window_width }
  }
  let low = Infinity
  let high = -Infinity
  for (const one of frame.grey ?? []) {
    if (one < low) low = one
    if (one > high) high = one
  }
  const [black, white] = [low, high].map((stored) => (stored - scale.offset) * scale.slope + scale.intercept) as [number, number]
  return { center: (black + white) / 2, width: Math.max(Math.abs(white - black), 1) }
}

/** Shown grey by stored value. */
export function table(scale: Scale, window: Window): Uint8ClampedArray {
  const deep = scale.bits === 16
  const found = new Uint8ClampedArray(deep ? 65_536 : 256)
  const low = window.center - window.width / 2
  for (let stored = 0; stored < found.length; stored += 1) {
    const value = deep ? (stored - scale.offset) * scale.slope + scale.intercept : stored
    const grey = ((value - low) / window.width) * 255
    found[stored] = deep && scale.inverted ? 255 - grey : grey
  }
  return found
}

/** Write a frame into `target` (four bytes a pixel) as the table says. */
export function paint(frame: Frame, greys: Uint8ClampedArray, target: Uint8ClampedArray): void {
  const { grey, rgba } = frame
  if (rgba !== null) {
    for (let n = 0; n < rgba.length; n += 4) {
      for (let part = 0; part < 3; part += 1) target[n + part] = greys[rgba[n + part] ?? 0] ?? 0
      target[n + 3] = 255
    }
    return
  }
  if (grey === null) return
  for (let n = 0; n < grey.length; n += 1) {
    const shown = greys[grey[n] ?? 0] ?? 0
    target[n * 4] = shown
    target[n * 4 + 1] = shown
    target[n * 4 + 2] = shown
    target[n * 4 + 3] = 255
  }
}

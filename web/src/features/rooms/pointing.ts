/**
 * Where the others point, as data: words of the call, of no consequence and gone after a moment.
 *
 * On pictures a place is a share of width and height; on a tracing it is a second of the recording
 * and a share of the paper's height, so that it means the same at every width.
 */

/** A place on something that all see: `picture/<participant>/<source>`, `still/<id>`, `tracing/<id>`. */
export interface Place {
  on: string
  x: number
  y: number
}

export interface Pointer extends Place {
  participant: string
  at: number
}

export const TOPIC = 'cursor'
/** So long a finger that rests is shown. */
export const SHOWN_MS = 4_000
/** A page says so often at most where it points. */
export const EVERY_MS = 70

/** What another page said, if it is a place. */
export function placeOf(data: unknown): Place | null {
  if (typeof data !== 'object' || data === null) return null
  const { on, x, y } = data as Record<string, unknown>
  if (typeof on !== 'string' || on.length > 120 || typeof x !== 'number' || typeof y !== 'number') return null
  return Number.isFinite(x) && Number.isFinite(y) ? { on, x, y } : null
}

/** The pointers with one more word: a place puts one there, anything else takes it away. */
export function heard(pointers: readonly Pointer[], participant: string, data: unknown, at: number): Pointer[] {
  const place = placeOf(data)
  const rest = fresh(pointers, at).filter((one) => one.participant !== participant)
  return place ? [...rest, { ...place, participant, at }] : rest
}

/** Those that are still shown. */
export function fresh(pointers: readonly Pointer[], at: number): Pointer[] {
  return pointers.filter((one) => at - one.at < SHOWN_MS)
}

const COLOURS = ['#ffd60a', '#64d2ff', '#ff7ab8', '#7ee787', '#ffb454', '#c3a6ff', '#5eead4', '#f9a8a8'] as const

/** The same person has the same colour on every page: by the order of coming in. */
export function colourOf(participant: string, order: readonly string[]): string {
  return COLOURS[Math.max(0, order.indexOf(participant)) % COLOURS.length] ?? COLOURS[0]
}

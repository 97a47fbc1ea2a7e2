/** The wall by keyboard: arrows walk over the grid, letters do what the buttons do. Pure. */

/**
 * Where the focus goes from place `at` in a grid whose rows hold so many strips each; null when the
 * key is not a step, or leads out. From a long row it comes to the end of a short one.
 */
export function step(key: string, at: number, rows: readonly number[]): number | null {
  const starts = rows.map((_, row) => rows.slice(0, row).reduce((sum, held) => sum + held, 0))
  const count = rows.reduce((sum, held) => sum + held, 0)
  const row = starts.filter((start) => start <= at).length - 1
  const across = (by: number): number => {
    const start = starts[row + by]
    return start === undefined ? -1 : start + Math.min(at - (starts[row] ?? 0), (rows[row + by] ?? 1) - 1)
  }
  const wanted: Record<string, () => number> = {
    ArrowLeft: () => at - 1,
    ArrowRight: () => at + 1,
    ArrowUp: () => across(-1),
    ArrowDown: () => across(1),
    Home: () => 0,
    End: () => count - 1,
  }
  const next = wanted[key]?.() ?? -1
  return next < 0 || next >= count ? null : next
}

export type Command = 'speed-1' | 'speed-2' | 'speed-3' | 'order' | 'full' | 'sound' | 'next-screen' | 'previous-screen' | 'leave'

const COMMANDS: Readonly<Record<string, Command>> = {
  1: 'speed-1',
  2: 'speed-2',
  3: 'speed-3',
  s: 'order',
  f: 'full',
  m: 'sound',
  PageDown: 'next-screen',
  PageUp: 'previous-screen',
  Escape: 'leave',
}

export function command(event: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey'>): Command | null {
  if (event.ctrlKey || event.metaKey || event.altKey) return null
  return COMMANDS[event.key.length === 1 ? event.key.toLowerCase() : event.key] ?? null
}

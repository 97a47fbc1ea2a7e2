/** The wall by keyboard: arrows walk over the grid, letters do what the buttons do. Pure. */

/** Where the focus goes from place `at` in a grid; null when the key is not a step. */
export function step(key: string, at: number, count: number, columns: number): number | null {
  const wanted: Record<string, number> = {
    ArrowLeft: at - 1,
    ArrowRight: at + 1,
    ArrowUp: at - columns,
    ArrowDown: at + columns,
    Home: 0,
    End: count - 1,
  }
  const next = wanted[key]
  return next === undefined || next < 0 || next >= count ? null : next
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

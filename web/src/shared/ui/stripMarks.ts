/** One shape per state, the same on every page: a state is a shape and a word before it is a colour. */
import type { StripState } from '@/strip/status'

export const STRIP_MARK: Record<StripState | 'gappy', string> = {
  waiting: '…',
  running: '▶',
  gappy: '▨',
  lagging: '◔',
  offline: '✕',
  stopped: '■',
  unlinked: '⌀',
}

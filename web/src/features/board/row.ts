/** What one line of the board says, worked out without a screen. */
import type { Board, BoardAction, BoardRow, ReachCounts } from '@/api/board'
import type { ReachState } from '@/api/types'

/** Most telling first: somebody answered, read it, has it; then who could not be reached. */
const REACH_ORDER = ['acknowledged', 'seen', 'delivered', 'sent', 'queued', 'declined', 'spared', 'unreachable'] as const

/** Actions that only say "noted": one touch, nothing to take back. */
const NOTED = new Set(['offer.acknowledge', 'offer.acknowledge_withdrawal'])

/** Buttons shown in a row; all others are on the case page. */
export const SHOWN_ACTIONS = 4

export function reachChips(reach: ReachCounts): { state: ReachState; count: number }[] {
  return REACH_ORDER.filter((state) => reach[state] > 0).map((state) => ({ state, count: reach[state] }))
}

export function calledCount(reach: ReachCounts): number {
  return REACH_ORDER.reduce((sum, state) => sum + reach[state], 0)
}

/** How long the oldest step has waited, in milliseconds; null when nobody is waited for. */
export function waitingMs(row: BoardRow, now: number): number | null {
  if (row.oldest_unanswered_at === null) return null
  return Math.max(0, now - Date.parse(row.oldest_unanswered_at))
}

/** The server's list in the server's order, the urgent ones in front, dangerous ones last. */
export function orderedActions(actions: readonly BoardAction[]): BoardAction[] {
  const rank = (action: BoardAction): number => (action.danger ? 2 : action.primary ? 0 : 1)
  return [...actions].sort((a, b) => rank(a) - rank(b))
}

export type Press = 'at_once' | 'ask_first' | 'on_case_page'

/** What pressing a button does: fields are filled on the case page, consequences are asked first. */
export function pressOf(action: BoardAction): Press {
  if (action.needs.length > 0 || action.danger) return 'on_case_page'
  return NOTED.has(`${action.machine}.${action.action}`) ? 'at_once' : 'ask_first'
}

/** Puts a row that a write answered into the board; its place comes with the next fetch. */
export function withRow<T extends Board>(board: T, row: BoardRow): T {
  return { ...board, rows: board.rows.map((old) => (old.id === row.id && old.version <= row.version ? row : old)) }
}

/** The row that j or k leads to from `current`; the ends hold. */
export function stepTo(ids: readonly string[], current: string | null, step: 1 | -1): string | null {
  if (ids.length === 0) return null
  const at = current === null ? -1 : ids.indexOf(current)
  if (at < 0) return (step === 1 ? ids[0] : ids[ids.length - 1]) ?? null
  return ids[Math.min(ids.length - 1, Math.max(0, at + step))] ?? null
}

/**
 * Which pages still call for this person, and how loudly. Pure: the same inputs, the same alarm.
 *
 * The server's list is the truth after every reload and reconnect; stream items only arrive sooner.
 */
import type { Page } from '@/api/types'

/** Alarm priority after IEC 60601-1-8 clause 6.1: how it flashes and sounds, not how ill she is. */
export type Priority = 'high' | 'medium' | 'low'

/** Why somebody declines a page, in the order of the buttons and of the keypad. */
export const DECLINE_REASONS = ['in_surgery', 'off_site', 'other'] as const

export interface Alert {
  pageId: string
  caseId: string
  level: string
  reason: string
  title: string
  step: number
  createdAt: string
  /** Its case is a drill (演练): marked wherever it rings. */
  drill: boolean
  /** Who calls; the stream item knows only an id, the list that follows knows the name. */
  sender?: string
  /** What this person answered at an earlier step, and when: why they are rung once more. */
  again?: { answer: 'silent' | 'declined'; since: string }
  /** Specialties that the page still needs. */
  missing?: readonly string[]
}

/** Who said yes, did not arrive and is rung again; or who said no, and nobody else came. */
export function againOf(page: Pick<Page, 'targets'>, personId: string | undefined): Alert['again'] {
  const mine = page.targets.filter((one) => one.person.id === personId)
  const last = Math.max(...mine.map((one) => one.step))
  const earlier = mine
    .filter((one) => one.step < last && (one.state === 'declined' || (one.state === 'acknowledged' && one.joined_at === null)))
    .sort((a, b) => b.step - a.step)[0]
  if (earlier === undefined) return undefined
  const since = earlier.state === 'declined' ? earlier.states.declined_at : earlier.states.acknowledged_at
  return since === null ? undefined : { answer: earlier.state === 'declined' ? 'declined' : 'silent', since }
}

/** Of which specialties too few have said yes; anybody's is none. */
export function missingOf(page: Pick<Page, 'needs'>): string[] {
  return page.needs.filter((need) => need.answered < need.needed && need.specialty !== '*').map((need) => need.specialty)
}

export interface AlertState {
  /** Newest server truth merged with stream items, by page. */
  open: readonly Alert[]
  /**
   * Pages this person answered, and at which step: a late item of that step must not ring again, a
   * later step does: who said yes and was silent is called once more.
   */
  answered: ReadonlyMap<string, number>
}

export const NO_ALERTS: AlertState = { open: [], answered: new Map() }

const PRIORITY: Record<string, Priority> = {
  resuscitation: 'high',
  critical: 'high',
  urgent: 'medium',
  stable: 'low',
}
const RANK: Record<Priority, number> = { high: 0, medium: 1, low: 2 }

/** An unknown level rings as the loudest: better once too loud than once unheard. */
export function priorityOf(level: string): Priority {
  return PRIORITY[level] ?? 'high'
}

/**
 * The full list of unacknowledged pages, as fetched. What has rung since the list was asked for may
 * not be in it yet, or at an earlier step, and rings on.
 */
export function listed(state: AlertState, pages: readonly Alert[], rungSince: ReadonlySet<string> = new Set()): AlertState {
  const newer = state.open.filter((open) => rungSince.has(open.pageId) && !pages.some((page) => page.pageId === open.pageId && page.step >= open.step))
  const others = pages.filter((page) => !answered(state, page) && !newer.some((open) => open.pageId === page.pageId))
  return { ...state, open: ordered([...others, ...newer]) }
}

function answered(state: AlertState, alert: Alert): boolean {
  return alert.step <= (state.answered.get(alert.pageId) ?? -1)
}

/** A page just came over the stream. */
export function arrived(state: AlertState, alert: Alert): AlertState {
  if (answered(state, alert)) return state
  const others = state.open.filter((open) => open.pageId !== alert.pageId)
  return { ...state, open: ordered([...others, alert]) }
}

/** Answered by this person (here or on another device), or ended by somebody else. */
export function settled(state: AlertState, pageId: string): AlertState {
  const step = state.open.find((open) => open.pageId === pageId)?.step ?? state.answered.get(pageId) ?? 0
  return {
    open: state.open.filter((open) => open.pageId !== pageId),
    answered: new Map([...state.answered, [pageId, step]]),
  }
}

/** What has to sound now; null is silence. */
export function loudest(state: AlertState): Priority | null {
  const first = state.open[0]
  return first === undefined ? null : priorityOf(first.level)
}

/** Most urgent first, then the one that waits longest. */
function ordered(alerts: readonly Alert[]): Alert[] {
  return [...alerts].sort(
    (a, b) =>
      RANK[priorityOf(a.level)] - RANK[priorityOf(b.level)] || a.createdAt.localeCompare(b.createdAt),
  )
}

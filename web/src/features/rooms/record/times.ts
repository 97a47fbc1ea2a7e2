/** What happened to her and to the consultation, on one line of time. Pure. */
import type { TimelineEvent } from '@/api/course'
import type { ConsultDetail } from '@/shared/consults/types'

export interface Moment {
  key: string
  /** When it happened, by the server's clock. */
  at: string
  what: string
  who: string
  late: boolean
}

type Words = (event: Pick<TimelineEvent, 'kind'>) => string

/** The newest first; of the case only what has words, and of the consultation each step once. */
export function moments(
  events: readonly TimelineEvent[],
  history: ConsultDetail['history'],
  said: Words,
  step: (action: string) => string,
): Moment[] {
  const ofCase = events
    // A kind without words belongs to another chain, which tells it itself.
    .filter((one) => said(one) !== one.kind)
    .map((one) => ({
      key: `case ${one.seq}`,
      at: one.at,
      what: said(one),
      who: [one.facility?.short_name, one.actor?.name].filter(Boolean).join(' '),
      late: one.late,
    }))
  const ofConsult = history.map((one, n) => ({
    key: `consult ${n}`, at: one.at, what: step(one.action), who: one.person?.name ?? '', late: false,
  }))
  return [...ofCase, ...ofConsult].sort((a, b) => b.at.localeCompare(a.at))
}

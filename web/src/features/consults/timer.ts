/** What a consultation waits for, and until when: an answer, its beginning, the decision. */
import type { Consult } from '@/shared/consults/types'

export type Waits = 'answer' | 'begin' | 'decide'

export function waitsFor(consult: Pick<Consult, 'state' | 'answer_by' | 'planned_at' | 'decide_by'>): { what: Waits; until: string } | null {
  if (consult.state === 'asked') return { what: 'answer', until: consult.answer_by }
  if (consult.state === 'agreed' && consult.planned_at) return { what: 'begin', until: consult.planned_at }
  if (consult.state === 'concluded' && consult.decide_by) return { what: 'decide', until: consult.decide_by }
  return null
}

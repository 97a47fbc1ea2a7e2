/** What an opinion says, as its form holds it and as the server takes it. */
import type { Advice } from '@/api/advice'

export const RECOMMENDATIONS = ['in_place', 'transfer', 'dispatch'] as const

export type Cite =
  | { kind: 'observation'; observation_id: string; note: string }
  | { kind: 'tracing'; recording_id: string; from_seq: number; to_seq: number; note: string }
  | { kind: 'scan'; instance_id: string; frame: number; note: string }
  | { kind: 'still'; still_id: string; note: string }

/** A citation in the form: what is sent, and the words that the writer sees. */
export interface Cited {
  cite: Cite
  zh: string
  en: string
  at: string
  until: string | null
}

export interface AdviceForm {
  text: string
  findings: string
  recommendation: string
  orders: string[]
  cited: Cited[]
  shared: boolean
  /** The wording that is written on, 0 for a new opinion. */
  revision: number
}

export function blank(): AdviceForm {
  return { text: '', findings: '', recommendation: '', orders: [''], cited: [], shared: false, revision: 0 }
}

/** The form of a draft that is written on. */
export function formOf(advice: Advice): AdviceForm {
  return {
    text: advice.text,
    findings: advice.findings,
    recommendation: advice.recommendation ?? '',
    orders: [...advice.orders.map((order) => order.text), ''],
    cited: advice.cited.map((one) => ({
      cite: citeOf(one),
      zh: one.zh,
      en: one.en,
      at: one.at,
      until: one.until ?? null,
    })),
    shared: advice.shared,
    revision: advice.revision,
  }
}

function citeOf(one: Advice['cited'][number]): Cite {
  const note = one.note ?? ''
  if (one.kind === 'scan') return { kind: 'scan', instance_id: one.id, frame: one.frame ?? 1, note }
  if (one.kind === 'still') return { kind: 'still', still_id: one.id, note }
  if (one.kind === 'observation') return { kind: 'observation', observation_id: one.id, note }
  return { kind: 'tracing', recording_id: one.id, from_seq: one.from_seq ?? 1, to_seq: one.to_seq ?? 1, note }
}

/** Empty lines are no orders; no recommendation is none. */
export function bodyOf(form: AdviceForm): Record<string, unknown> {
  return {
    text: form.text.trim(),
    findings: form.findings.trim(),
    recommendation: form.recommendation === '' ? null : form.recommendation,
    orders: form.orders
      .map((text) => text.trim())
      .filter((text) => text !== '')
      .map((text) => ({ text })),
    cited: form.cited.map((one) => ({ ...one.cite, note: one.cite.note.trim() })),
    shared: form.shared,
  }
}

/** The seconds of a tracing between two moments, held inside what is recorded; null if they miss it. */
export function secondsBetween(startedAt: string, lastSeq: number, fromMs: number, untilMs: number): { from_seq: number; to_seq: number } | null {
  const start = Date.parse(startedAt)
  const first = Math.max(1, Math.floor((fromMs - start) / 1000) + 1)
  const last = Math.min(lastSeq, Math.floor((untilMs - start) / 1000) + 1)
  return first <= last ? { from_seq: first, to_seq: last } : null
}

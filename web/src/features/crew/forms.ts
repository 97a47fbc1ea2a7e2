/** What each entry of the crew's page asks for, and the phrases that save typing in a moving car. */

export interface CrewField {
  name: string
  kind: 'text' | 'long' | 'minutes' | 'hospital' | 'diversion'
  required?: boolean
  /** Codes of phrases to tap; the words are in `crew.phrase.<code>`. */
  quick?: readonly string[]
}

const text = (name: string, ...quick: string[]): CrewField => ({ name, kind: 'text', required: true, quick })
const long = (name: string, ...quick: string[]): CrewField => ({ name, kind: 'long', required: true, quick })
const minutes = (required = false): CrewField => ({ name: 'eta', kind: 'minutes', required })

export const FORMS = {
  depart: [minutes()],
  resume: [minutes()],
  halt: [text('reason', 'traffic', 'resuscitation', 'delivery', 'road', 'fuel')],
  delay: [minutes(true), text('reason', 'traffic', 'weather', 'detour', 'resuscitation')],
  deteriorate: [long('note', 'bleeding', 'hypotension', 'convulsion', 'dyspnoea', 'unconscious', 'fetal')],
  ask_divert: [{ name: 'facility_id', kind: 'hospital' }, text('reason', 'too_far', 'unstable', 'road')],
  divert: [{ name: 'offer_id', kind: 'diversion', required: true }, text('reason', 'unstable', 'road'), minutes()],
  near: [],
  die: [text('place'), text('certifier'), { name: 'note', kind: 'long' }],
  sign: [long('condition'), long('drugs', 'none'), long('blood', 'none'), long('documents')],
} satisfies Record<string, readonly CrewField[]>

export type FormKind = keyof typeof FORMS
export type SheetKind = FormKind | 'ready' | 'report' | 'birth' | 'drug'

export const CHECKS = [
  'airway_and_breathing_stable',
  'circulation_stable',
  'iv_access',
  'oxygen_for_trip_plus_30_min',
  'emergency_kit',
  'papers_and_consent',
  'family_informed',
] as const

/** Empty fields are left out; minutes become a moment on the server's clock, which `nowMs` is. */
export function entryData(fields: readonly CrewField[], values: Record<string, string | number>, nowMs: number): Record<string, unknown> {
  const data: Record<string, unknown> = {}
  for (const field of fields) {
    const value = String(values[field.name] ?? '').trim()
    if (value === '') continue
    data[field.name] = field.kind === 'minutes' ? new Date(nowMs + Number(value) * 60_000).toISOString() : value
  }
  return data
}

export function incomplete(fields: readonly CrewField[], values: Record<string, string | number>): boolean {
  return fields.some((field) => field.required === true && String(values[field.name] ?? '').trim() === '')
}

/** Today's `HH:MM` as a moment; one that lies ahead was yesterday's. Null for an empty field. */
export function momentOf(time: string, nowMs: number): number | null {
  const match = /^(\d{2}):(\d{2})$/.exec(time)
  if (match === null) return null
  const at = new Date(nowMs)
  at.setHours(Number(match[1]), Number(match[2]), 0, 0)
  return at.getTime() > nowMs ? at.getTime() - 86_400_000 : at.getTime()
}

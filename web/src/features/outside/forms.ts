/** What each step of a unit outside the network asks for. */
import type { OutsideView } from '@/api/crew'

export interface OutsideField {
  name: string
  kind: 'text' | 'long' | 'choice' | 'yesno'
  options?: readonly string[]
  required?: boolean
}

export type Values = Record<string, string>

const text = (name: string, required = false): OutsideField => ({ name, kind: 'text', required })
const long = (name: string, required = false): OutsideField => ({ name, kind: 'long', required })
const choice = (name: string, required: boolean, ...options: string[]): OutsideField => ({ name, kind: 'choice', required, options })

const PLACE: OutsideField[] = [text('bed'), choice('no_bed_accept_to', false, 'theatre', 'emergency_department', 'delivery_room')]

const FORMS: Record<string, readonly OutsideField[]> = {
  acknowledge: [],
  ask: [long('question', true)],
  accept: [...PLACE, text('note')],
  accept_after_stabilising: [long('conditions', true), ...PLACE, text('note')],
  decline: [choice('code', true, 'no_bed', 'beyond_capability', 'not_indicated', 'other'), long('note'), long('remote_advice')],
  arrive: [],
  sign_handover: [long('condition', true), long('drugs', true), long('blood', true), long('documents', true)],
  close: [
    choice('outcome', true, 'improved', 'rescued', 'still_treated', 'died', 'dead_on_arrival', 'transferred_on', 'other'),
    text('diagnosis', true),
    long('feedback', true),
  ],
}

/** The steps offered here, in this order. Passing her on takes a list of units that this page does not show. */
export const STEPS = Object.keys(FORMS)

const NEONATAL: OutsideField = { name: 'neonatal_accepted', kind: 'yesno', required: true }

export function fieldsOf(step: string, view: Pick<OutsideView, 'neonatal'>): OutsideField[] {
  const fields = [...(FORMS[step] ?? [])]
  const asked = step.startsWith('accept') && view.neonatal === 'awaited'
  return asked ? [...fields, NEONATAL] : fields
}

export function missing(fields: readonly OutsideField[], values: Values): string[] {
  const empty = (name: string): boolean => (values[name] ?? '').trim() === ''
  const lacking = fields.filter((field) => field.required === true && empty(field.name)).map((field) => field.name)
  // A yes names a bed, or where she is taken in without one.
  const placed = !fields.some((field) => field.name === 'bed') || !empty('bed') || !empty('no_bed_accept_to')
  return placed ? lacking : [...lacking, 'bed']
}

export function bodyOf(fields: readonly OutsideField[], values: Values): Record<string, unknown> {
  const said = fields.flatMap((field) => {
    const value = (values[field.name] ?? '').trim()
    return value === '' ? [] : [[field.name, field.kind === 'yesno' ? value === 'yes' : value]]
  })
  return Object.fromEntries(said) as Record<string, unknown>
}

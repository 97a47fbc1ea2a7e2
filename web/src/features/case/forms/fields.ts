/**
 * What each action's dialog asks for. The server's `needs` says what must be there; this table says
 * how a field is entered. An action without an entry asks for nothing but the press.
 */

export type FieldKind =
  | 'short'
  | 'long'
  | 'choice'
  | 'facility'
  | 'unit'
  | 'date'
  | 'person'
  | 'offer'
  | 'time'
  | 'flag'
  | 'yesno'
  | 'number'
  | 'vitals'
  | 'checklist'
  | 'newborn'
  | 'newborns'

export interface Field {
  name: string
  kind: FieldKind
  options?: readonly string[]
  min?: number
  max?: number
}

const short = (name: string): Field => ({ name, kind: 'short' })
const long = (name: string): Field => ({ name, kind: 'long' })
const choice = (name: string, ...options: string[]): Field => ({ name, kind: 'choice', options })
const vitals: Field = { name: 'vitals', kind: 'vitals' }
const eta: Field = { name: 'eta', kind: 'time' }
const number = (name: string, min: number, max: number): Field => ({ name, kind: 'number', min, max })

const OUTCOME = choice('outcome', 'improved', 'rescued', 'still_treated', 'died', 'dead_on_arrival', 'transferred_on', 'other')
const ACCEPT: Field[] = [
  short('bed'),
  choice('no_bed_accept_to', 'theatre', 'emergency_department', 'delivery_room'),
  { name: 'neonatal_accepted', kind: 'yesno' },
  short('note'),
]
const DEATH: Field[] = [short('place'), short('certifier'), long('note')]

export const FORMS: Record<string, readonly Field[]> = {
  'referral.send': [choice('consent', 'signed', 'verbal', 'emergency_waiver')],
  'referral.add_offer': [choice('purpose', 'transfer', 'neonatal'), { name: 'facility_id', kind: 'facility' }],
  'referral.commit': [{ name: 'offer_id', kind: 'offer' }],
  'referral.request_hold': [
    { name: 'offer_id', kind: 'offer' },
    choice('kind', 'maternal_bed', 'icu_bed', 'neonatal_cot', 'theatre', 'blood'),
    short('note'),
  ],
  'referral.guide_in_place': [
    long('reason'),
    { name: 'remote_lead_id', kind: 'person' },
    { name: 'team_travelling', kind: 'flag' },
  ],
  'referral.review_guidance': [long('note')],
  'referral.hand_over_lead': [{ name: 'remote_lead_id', kind: 'person' }, long('note')],
  'referral.resume_transfer': [long('note')],
  'referral.end_guidance': [OUTCOME, short('diagnosis'), long('feedback')],
  'referral.close': [
    OUTCOME,
    short('diagnosis'),
    long('feedback'),
    long('treatment'),
    choice('timeliness', 'timely', 'delayed', 'not_judged'),
    long('to_correct'),
    long('advice'),
  ],
  'referral.cancel': [
    choice('code', 'delivered_locally', 'improved', 'refused', 'duplicate', 'other'),
    short('note'),
  ],
  'referral.die': DEATH,
  'referral.record_loss': [choice('who', 'fetus', 'newborn'), { name: 'newborn_id', kind: 'newborn' }, ...DEATH],
  'referral.void': [choice('code', 'wrong_patient', 'test', 'entered_in_error'), short('reason')],
  'referral.back_refer': [
    long('plan'),
    long('drugs'),
    long('red_flags'),
    choice('risk_colour', 'green', 'yellow', 'orange', 'red'),
    { name: 'follow_up_on', kind: 'date' },
    { name: 'facility_id', kind: 'unit' },
    { name: 'follow_up_facility_id', kind: 'unit' },
    { name: 'newborns', kind: 'newborns' },
  ],
  'referral.complete_record': [
    vitals,
    long('diagnosis'),
    long('background'),
    long('treatment'),
    long('drugs'),
    short('allergies'),
    choice('blood_group', 'A', 'B', 'AB', 'O'),
    choice('rh', '+', '-'),
    number('hb_g_per_l', 0, 250),
    number('plt_10e9_per_l', 0, 2000),
    number('fibrinogen_g_per_l', 0, 20),
    number('lactate_mmol_per_l', 0, 40),
    number('urine_ml_per_h', 0, 3000),
    short('blood_given'),
    short('lines'),
    short('infection'),
    short('contractions'),
    choice('fetus', 'alive', 'distress', 'dead', 'not_applicable'),
    number('labour_hours', 0, 200),
    short('relative'),
  ],
  'offer.ask': [long('question')],
  'offer.answer': [long('answer')],
  'offer.answer_neonatal': [{ name: 'accepted', kind: 'yesno' }, short('note')],
  'offer.accept': ACCEPT,
  'offer.accept_after_stabilising': [long('conditions'), ...ACCEPT],
  'offer.decline': [
    choice('code', 'no_bed', 'beyond_capability', 'not_indicated', 'other'),
    short('supervisor'),
    long('remote_advice'),
    long('note'),
  ],
  'offer.redirect': [{ name: 'facility_id', kind: 'facility' }, long('reason')],
  'leg.replan': [
    choice('mode', 'ambulance', 'helicopter', 'own_vehicle'),
    short('vehicle'),
    short('escort'),
    eta,
  ],
  'leg.ready': [{ name: 'checklist', kind: 'checklist' }],
  'leg.depart': [eta, { name: 'checklist', kind: 'checklist' }],
  'leg.report': [vitals, eta, short('note')],
  'leg.divert': [{ name: 'offer_id', kind: 'offer' }, long('reason'), eta],
  'leg.deteriorate': [long('note'), vitals],
  'leg.birth': [
    choice('sex', 'female', 'male', 'undetermined', 'unknown'),
    number('birth_order', 1, 9),
    number('weight_g', 200, 9000),
    number('apgar_1', 0, 10),
    number('apgar_5', 0, 10),
    short('note'),
  ],
  'leg.halt': [long('reason')],
  'leg.resume': [eta, short('note')],
  'leg.sign_handover': [long('condition'), long('drugs'), long('blood'), long('documents'), vitals],
  'leg.miss': [long('note')],
  'leg.die': DEATH,
  'hold.grant': [{ name: 'until', kind: 'time' }, short('label')],
  'hold.extend': [{ name: 'until', kind: 'time' }],
  'hold.release': [short('reason')],
}

export const CHECKLIST = [
  'airway_and_breathing_stable',
  'circulation_stable',
  'iv_access',
  'oxygen_for_trip_plus_30_min',
  'emergency_kit',
  'papers_and_consent',
  'family_informed',
] as const

export type Values = Record<string, unknown>

export interface ActionLike {
  machine: string
  action: string
  needs: readonly string[]
}

/** The dialog's fields: the table's, plus anything the server needs that the table does not know. */
export function fieldsOf(action: ActionLike): Field[] {
  const known = FORMS[`${action.machine}.${action.action}`] ?? []
  const asked = action.needs.flatMap((need) => need.split('|'))
  const names = new Set(known.map((field) => field.name))
  const unknown = asked.filter((name) => !names.has(name)).map(short)
  // The neonatal answer belongs to the dialog only when a cot is still to be answered for.
  const fields = known.filter((field) => field.name !== 'neonatal_accepted' || asked.includes(field.name))
  return [...fields, ...unknown]
}

/** Must be there, or it or another must be, or it may stay empty. */
export function needOf(action: ActionLike, name: string): 'required' | 'either' | 'optional' {
  if (action.needs.includes(name)) return 'required'
  return action.needs.some((need) => need.split('|').includes(name)) ? 'either' : 'optional'
}

/** Needs not met yet; `a|b` is met by either. */
export function missing(action: ActionLike, values: Values): string[] {
  return action.needs.filter((need) => !need.split('|').some((name) => isFilled(values[name])))
}

/** What is posted: empty fields are left out, so that nothing is recorded that nobody entered. */
export function bodyOf(fields: readonly Field[], values: Values): Values {
  const body: Values = {}
  for (const field of fields) {
    const value = cleaned(values[field.name])
    if (field.kind === 'newborns') {
      const plans = Object.entries((value ?? {}) as Values).map(([newborn_id, plan]) => ({ newborn_id, plan: cleaned(plan) }))
      if (plans.length > 0) body[field.name] = plans
    } else if (field.kind === 'checklist') {
      if (value !== undefined) body[field.name] = checklistBody(value as Values)
    } else if (isFilled(value)) body[field.name] = field.kind === 'time' ? isoTime(value) : value
  }
  return body
}

/** One touch is enough when nothing is asked and nothing is lost. */
export function needsDialog(action: ActionLike & { danger: boolean }): boolean {
  return action.danger || fieldsOf(action).length > 0
}

function checklistBody(value: Values): Values {
  const ticks = CHECKLIST.map((name): [string, boolean] => [name, value[name] === true])
  const exception = value['exception']
  return { ...Object.fromEntries(ticks), ...(isFilled(exception) ? { exception } : {}) }
}

function isFilled(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return false
  return typeof value !== 'object' || Object.values(value as object).some(isFilled)
}

function cleaned(value: unknown): unknown {
  if (typeof value === 'string') return value.trim()
  if (typeof value !== 'object' || value === null) return value
  const kept = Object.entries(value).filter(([, inner]) => isFilled(inner))
  return kept.length === 0 ? undefined : Object.fromEntries(kept)
}

function isoTime(value: unknown): string {
  return new Date(String(value)).toISOString()
}

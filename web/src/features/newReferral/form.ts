/** The form of a new referral as data: what it holds, what it still lacks, what is sent. */
import type { Condition, Subject } from '@/api/board'
import type { components } from '@/api/schema'
import type { Acuity, RiskColour } from '@/api/types'
import { gestationDays } from '@/shared/format/gestation'

type SendReferral = components['schemas']['SendReferral']
export type Consent = NonNullable<SendReferral['consent']>
export type DatedBy = 'weeks' | 'lmp' | 'edd'

export type Found = Omit<components['schemas']['PatientFound'], 'facility'>

/** A number field as the browser gives it: empty is an empty string. */
export type Numeric = number | ''

export interface NewWoman {
  name: string
  idNumber: string
  age: Numeric
  birthDate: string
  datedBy: DatedBy
  weeks: Numeric
  days: Numeric
  date: string
  gravida: Numeric
  para: Numeric
  plurality: Numeric
}

export const VITALS = ['sbp', 'dbp', 'hr', 'blood_loss_ml', 'spo2', 'rr', 'temp_c', 'fhr_bpm'] as const
export type Vital = (typeof VITALS)[number]

/** Vital signs as they were measured last, each of the same moment or later than `at`. */
export interface LastKnown {
  at: string
  values: Partial<Record<Vital, number>>
}

export interface Form {
  savedAt: number
  mode: 'find' | 'new'
  found: Found | null
  woman: NewWoman
  condition: string
  subject: Subject
  acuity: Acuity | ''
  riskColour: RiskColour | ''
  purple: boolean
  needsNeonatal: boolean
  vitals: Partial<Record<Vital, Numeric>>
  /** Vital signs taken over from before, with their time; what is edited since is new, the rest is not. */
  adopted: LastKnown | null
  reason: string
  consent: Consent | ''
  destinations: string[]
  drill: boolean
  /** Idempotency keys: they outlive a reload, so that an unknown outcome is never sent twice. */
  keys: { patient?: string; referral?: string }
  /** The record already created for exactly this woman, when only the sending failed. */
  created: { of: string; pregnancyId: string } | null
}

/** A draft on a shared ward PC is dropped after a day. */
export const DRAFT_MS = 24 * 3_600_000

export function blankForm(now: number): Form {
  return {
    savedAt: now,
    mode: 'find',
    found: null,
    woman: {
      name: '',
      idNumber: '',
      age: '',
      birthDate: '',
      datedBy: 'weeks',
      weeks: '',
      days: '',
      date: '',
      gravida: '',
      para: '',
      plurality: 1,
    },
    condition: '',
    subject: 'mother',
    acuity: '',
    riskColour: '',
    purple: false,
    needsNeonatal: false,
    vitals: {},
    adopted: null,
    reason: '',
    consent: '',
    destinations: [],
    drill: false,
    keys: {},
    created: null,
  }
}

export function isExpired(form: Form, now: number): boolean {
  return now - form.savedAt > DRAFT_MS
}

/** Something a person would miss if it were gone. */
export function isTouched(form: Form): boolean {
  const plain = (f: Form): string => JSON.stringify({ ...f, savedAt: 0, mode: 'find', keys: {} })
  return plain(form) !== plain(blankForm(0))
}

export type Step = 1 | 2 | 3
export type Lack = 'who' | 'name' | 'gestation' | 'condition' | 'acuity' | 'vitals' | 'reason' | 'consent'

/** What still has to be given, in the order of the form; sending waits for an empty list. */
export function lacks(form: Form): Lack[] {
  const found: Lack[] = []
  if (form.mode === 'find') {
    if ((form.found?.pregnancy_id ?? null) === null) found.push('who')
  } else {
    if (form.woman.name.trim() === '') found.push('name')
    if (!datingFits(form.woman)) found.push('gestation')
  }
  if (form.condition === '') found.push('condition')
  if (form.acuity === '') found.push('acuity')
  if (!pressureFits(form.vitals)) found.push('vitals')
  if (form.reason.trim() === '' && !mayWait(form)) found.push('reason')
  if (form.consent === '') found.push('consent')
  return found
}

/** Seconds count: the condition says enough, the reason follows while experts read. */
export function mayWait(form: Form): boolean {
  return form.condition !== '' && (form.acuity === 'resuscitation' || form.acuity === 'critical')
}

export function stepOf(lack: Lack): Step {
  if (lack === 'who' || lack === 'name' || lack === 'gestation') return 1
  return lack === 'consent' ? 3 : 2
}

/** Nothing given is fine (nobody knows); a half or impossible gestation is not. */
function datingFits(woman: NewWoman): boolean {
  if (woman.datedBy !== 'weeks') return true
  if (woman.weeks === '' && woman.days === '') return true
  return woman.weeks !== '' && gestationDays(woman.weeks, woman.days === '' ? 0 : woman.days) !== null
}

/** A blood pressure is a pair with the upper one first. */
function pressureFits(vitals: Form['vitals']): boolean {
  const { sbp = '', dbp = '' } = vitals
  if (sbp === '' && dbp === '') return true
  return sbp !== '' && (dbp === '' || sbp >= dbp)
}

/** Taking a condition proposes subject, acuity and the neonatal question; all stay changeable. */
export function withCondition(form: Form, condition: Condition): Form {
  return {
    ...form,
    condition: condition.code,
    subject: condition.subject,
    acuity: condition.acuity,
    needsNeonatal: condition.needs_neonatal,
  }
}

const BLEEDING = /pph|bleed|previa|abruption|accreta|rupture|ectopic|trauma/
const PRESSURE = /eclampsia|cardiac|liver|embolism/

/** The few vital signs that matter most now; the rest is one touch away. */
export function firstVitals(condition: string, subject: Subject): Vital[] {
  if (subject === 'newborn') return ['spo2', 'hr', 'temp_c']
  if (BLEEDING.test(condition)) return ['sbp', 'dbp', 'hr', 'blood_loss_ml']
  if (PRESSURE.test(condition)) return ['sbp', 'dbp', 'hr', 'spo2']
  if (/sepsis/.test(condition)) return ['sbp', 'dbp', 'hr', 'temp_c']
  return ['sbp', 'dbp', 'hr', 'fhr_bpm']
}

const given = (value: Numeric): number | undefined => (value === '' ? undefined : value)

/** Body of `POST /api/patients`. */
export function patientBody(woman: NewWoman, today: string): Record<string, unknown> {
  const weeks = given(woman.weeks)
  const dating =
    woman.datedBy === 'weeks'
      ? weeks === undefined
        ? {}
        : { gestation_days_at: { days: gestationDays(weeks, given(woman.days) ?? 0), at: today } }
      : woman.date === ''
        ? {}
        : { [woman.datedBy]: woman.date }
  return compact({
    name: woman.name.trim(),
    id_number: woman.idNumber.trim() || undefined,
    birth_date: woman.birthDate || undefined,
    age: woman.birthDate ? undefined : given(woman.age),
    pregnancy: compact({
      ...dating,
      gravida: given(woman.gravida),
      para: given(woman.para),
      plurality: given(woman.plurality) ?? 1,
    }),
  })
}

/** Body of `POST /api/referrals`. */
export function referralBody(form: Form, pregnancyId: string): Record<string, unknown> {
  const vitals = measured(form)
  return compact({
    pregnancy_id: pregnancyId,
    subject: form.subject,
    condition: form.condition,
    acuity: form.acuity,
    risk_colour: form.riskColour || undefined,
    purple: form.purple,
    vitals: Object.keys(vitals).length > 0 ? vitals : undefined,
    reason: form.reason.trim(),
    consent: form.consent,
    needs_neonatal: form.needsNeonatal,
    destinations: form.destinations,
    drill: form.drill,
    send: true,
  })
}

const CODES: Record<string, Vital> = {
  sbp_mmhg: 'sbp',
  dbp_mmhg: 'dbp',
  hr_per_min: 'hr',
  rr_per_min: 'rr',
  spo2_percent: 'spo2',
  temp_c: 'temp_c',
  blood_loss_ml: 'blood_loss_ml',
  fhr_bpm: 'fhr_bpm',
}

interface Reading {
  code: string
  number: number | null
  taken_at: string
  newborn_id?: string | null
}

/** The newest reading of each vital sign, under the time of the oldest among them. */
export function lastKnown(latest: readonly Reading[]): LastKnown | null {
  const values: LastKnown['values'] = {}
  let at = ''
  for (const reading of latest) {
    const name = CODES[reading.code]
    if (name === undefined || reading.number === null || reading.newborn_id != null) continue
    values[name] = reading.number
    if (at === '' || reading.taken_at < at) at = reading.taken_at
  }
  return at === '' ? null : { at, values }
}

/**
 * What is sent as vital signs: what was measured now, or what was taken over as a whole, with its
 * time. Old values beside new ones are left out: they would pass for new.
 */
function measured(form: Form): Record<string, unknown> {
  const all = compact(Object.fromEntries(VITALS.map((name) => [name, given(form.vitals[name] ?? '')])))
  const { adopted } = form
  if (adopted === null) return all
  const fresh = Object.fromEntries(Object.entries(all).filter(([name, value]) => adopted.values[name as Vital] !== value))
  if (Object.keys(fresh).length > 0) return fresh
  return Object.keys(all).length > 0 ? { ...all, taken_at: adopted.at } : {}
}

function compact(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}

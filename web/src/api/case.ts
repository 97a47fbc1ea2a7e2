/** One case as its page shows it. */
import type { BoardAction, BoardRow, Subject, UnitRef } from './board'
import type { Acuity, RiskColour } from './types'

export type CaseAction = BoardAction

export interface PersonRef {
  id: string
  name: string
  title: string
  specialty: string
  facility_id: string
}

/** mmHg, per minute, per cent, °C, ml; nothing is required. */
export interface Vitals {
  sbp?: number | null
  dbp?: number | null
  hr?: number | null
  rr?: number | null
  spo2?: number | null
  temp_c?: number | null
  blood_loss_ml?: number | null
  consciousness?: 'alert' | 'voice' | 'pain' | 'unresponsive' | null
  fhr_bpm?: number | null
  taken_at?: string | null
}

export interface Question {
  question: string
  asked_at: string
  asked_by: PersonRef | null
  answer: string | null
  answered_at: string | null
  answered_by: PersonRef | null
}

export interface Offer {
  id: string
  facility: UnitRef
  state: string
  purpose: 'transfer' | 'diversion'
  designated: boolean
  hop: number
  neonatal: 'not_needed' | 'awaited' | 'accepted' | 'declined'
  neonatal_note: string | null
  after_stabilising: boolean
  conditions: string | null
  bed: string | null
  no_bed_accept_to: string | null
  offered_at: string
  delivered_at: string | null
  acknowledged_at: string | null
  acknowledged_by: PersonRef | null
  answered_at: string | null
  answered_by: PersonRef | null
  decision_due_at: string | null
  decision_paused_until: string | null
  decline_code: string | null
  decline_note: string | null
  remote_advice: string | null
  onward: UnitRef | null
  withdrawn_at: string | null
  withdrawn_reason: string | null
  withdrawal_acknowledged_at: string | null
  questions: Question[]
}

export interface Signature {
  side: 'origin' | 'receiver'
  person: PersonRef | null
  on_behalf: boolean
  signed_at: string
  condition: string
  drugs: string
  blood: string
  documents: string
}

export interface Leg {
  id: string
  destination: UnitRef
  state: string
  mode: string
  vehicle: string | null
  escort: string | null
  eta: string | null
  planned_at: string
  departed_at: string | null
  arrived_at: string | null
  handed_over_at: string | null
  signatures: Signature[]
  entries: { at: string; kind: string; note: string | null; vitals: Vitals | null; by: PersonRef | null }[]
}

export interface Hold {
  id: string
  offer_id: string
  facility: UnitRef
  kind: string
  state: string
  label: string | null
  note: string | null
  requested_at: string
  expires_at: string | null
}

export interface Sbar {
  taken_at: string
  situation: string
  condition: string
  acuity: Acuity
  subject: Subject
  reason: string
  vitals: Vitals | null
  gravida: number | null
  para: number | null
  plurality: number | null
  consent: string | null
  origin: string
  sent_by: string
  requests: string[]
}

export type CaseRecord = Record<string, string | number | Vitals | PersonRef | null> & {
  vitals: Vitals | null
  updated_at: string | null
}

export interface Note {
  id: string
  at: string
  by: PersonRef | null
  facility: UnitRef | null
  text: string
}

export interface Newborn {
  id: string
  birth_order: number
  born_at: string
  sex: string
  weight_g: number | null
  apgar_1: number | null
  apgar_5: number | null
}

export interface Pregnancy {
  id: string
  name: string
  age: number | null
  phone: string | null
  facility: UnitRef
  edd: string | null
  gestation_days: number | null
  gravida: number | null
  para: number | null
  plurality: number
}

export interface Referral extends BoardRow {
  consent: string | null
  needs_neonatal: boolean
  snapshot: Sbar | null
  record: CaseRecord
  missing: string[]
  offers: Offer[]
  legs: Leg[]
  holds: Hold[]
  notes: Note[]
  pregnancy: Pregnancy | null
  newborns: Newborn[]
  created_by: PersonRef | null
  remote_lead: PersonRef | null
  guidance: {
    reason: string
    remote_lead: PersonRef | null
    lead_facility: UnitRef | null
    team_travelling: boolean
    since: string
    review_due_at: string | null
    ended_at: string | null
  } | null
  ending: {
    outcome: string | null
    diagnosis: string | null
    feedback: string | null
    cancel_code: string | null
    at: string
    needs_review: boolean
  } | null
  committed_at: string | null
}

export const MILESTONES = [
  'decision_for_cs',
  'incision',
  'birth',
  'team_called',
  'team_present',
  'theatre_ready',
  'anaesthesia_started',
  'blood_requested',
  'blood_issued',
  'blood_arrived',
  'first_dose_magnesium',
  'first_dose_antihypertensive',
  'first_dose_tranexamic_acid',
  'first_dose_uterotonic',
  'first_dose_antibiotic',
  'first_dose_steroid',
] as const

export type { Acuity, RiskColour }

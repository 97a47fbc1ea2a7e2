/** One case as its page shows it. */
import type { components } from './schema'

type Schemas = components['schemas']

export type CaseAction = Schemas['Action']
export type Referral = Schemas['Referral']
export type Offer = Schemas['Offer']
export type Hold = Schemas['Hold']
export type Leg = Schemas['Leg']
export type Note = Schemas['Note']
export type PersonRef = Schemas['PersonRef']
/** mmHg, per minute, per cent, °C, ml; nothing is required. */
export type Vitals = Schemas['Vitals']
export type MilestoneKind = Schemas['Milestone']['kind']

/** What a person may enter on the green-channel clock, in the order in which it usually happens. */
export const MILESTONES: readonly MilestoneKind[] = [
  'team_called',
  'team_present',
  'decision_for_cs',
  'theatre_ready',
  'anaesthesia_started',
  'incision',
  'birth',
  'blood_requested',
  'blood_issued',
  'blood_arrived',
  'first_dose_uterotonic',
  'first_dose_tranexamic_acid',
  'first_dose_magnesium',
  'first_dose_antihypertensive',
  'first_dose_antibiotic',
  'first_dose_steroid',
]

/** The referral board and the two catalogues that every clinical page needs. */
import type { Acuity, Action, ReachState, RiskColour } from './types'

export type Subject = 'mother' | 'newborn' | 'dyad'
export type Scope = 'mine' | 'incoming' | 'outgoing' | 'all'

/** What may be done now; `path` is where to post it. */
export interface BoardAction extends Action {
  path: string
}

export interface UnitRef {
  id: string
  short_name: string
  name: string
}

export type ReachCounts = Record<Exclude<ReachState, 'queued'>, number>

export interface BoardRow {
  id: string
  number: string
  state: string
  direction: 'up' | 'back'
  acuity: Acuity
  condition: string
  risk_colour: RiskColour | null
  purple: boolean
  subject: Subject
  patient: { name_short: string; age: number | null; gestation_days: number | null }
  origin: UnitRef
  receiver: UnitRef | null
  oldest_unanswered_at: string | null
  waiting_for: string
  reach: ReachCounts
  eta: string | null
  sent_at: string | null
  created_at: string
  version: number
  drill: boolean
  demo: boolean
  my_side: string
  to_act: boolean
  allowed: BoardAction[]
}

export interface BoardCounts {
  to_act: number
  open: number
  moving: number
  closed_today: number
}

export interface Board {
  counts: BoardCounts
  rows: BoardRow[]
  server_time: string
}

export interface Condition {
  code: string
  zh: string
  en: string
  icon: string
  subject: Subject
  needs_neonatal: boolean
  acuity: Acuity
  source: string
  confidence: string
}

export interface Contact {
  kind: string
  label: string
  phone: string
}

export interface Facility {
  id: string
  code: string
  name: string
  short_name: string
  tier: string
  region_id: string
  region_name: string
  roles: string[]
  contacts: Contact[]
}

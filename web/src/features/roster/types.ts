/** The calendar and plans: short names of what the API says. */

export interface RosterPerson {
  id: string
  name: string
  title: string
}

export interface RosterSlot {
  id: string
  specialty: string
  tier: string
  min_title: string | null
  required: boolean
  exclusive: boolean
  qualification: string | null
}

export interface RosterGroup {
  id: string
  code: string
  name: string
  slots: RosterSlot[]
}

export interface Shift {
  id: string
  slot_id: string
  person: RosterPerson
  from: string
  to: string
  origin: string
  plan_id: string | null
  draft: boolean
}

export interface Gap {
  slot_id: string
  from: string
  to: string
  required: boolean
}

export interface Clash {
  person_id: string
  shift_ids: string[]
}

export interface Leave {
  id: string
  person_id: string
  from: string
  to: string
  kind: string
  substitute_id: string | null
}

export type DayKind = 'workday' | 'weekend' | 'holiday' | 'adjusted_workday'

export interface Day {
  date: string
  kind: DayKind
  name: string | null
  known: boolean
}

export interface RosterCalendar {
  facility_id: string
  from: string
  to: string
  as_known_at: string | null
  server_time: string
  groups: RosterGroup[]
  shifts: Shift[]
  gaps: Gap[]
  clashes: Clash[]
  leave: Leave[]
  days: Day[]
}

export type PlanState = 'draft' | 'submitted' | 'approved' | 'published' | 'discarded'
export type PlanAction = 'submit' | 'approve' | 'return' | 'publish' | 'discard'

export interface PlanSummary {
  id: string
  facility_id: string
  group_id: string
  kind: 'regular' | 'temporary'
  name: string
  from: string
  to: string
  state: PlanState
  version: number
  drafted_by: RosterPerson | null
  submitted_by: RosterPerson | null
  approved_by: RosterPerson | null
  recorded_at: string
  actions: PlanAction[]
}

export interface Finding {
  kind: string
  slot_id: string
  from: string
  to: string
  person_id: string | null
  entry_id: string | null
  other_id: string | null
}

export interface PlanOut {
  plan: PlanSummary
  content_hash: string
  findings: Finding[]
  history: { action: string; person: RosterPerson | null; at: string; reason: string | null }[]
}

export interface PlanMade {
  id: string
  version: number
  state: PlanState
  written: number
}

export interface Candidate {
  person: RosterPerson
  specialty: string
  qualifications: string[]
}

export interface RosterGroups {
  facility_id: string
  groups: RosterGroup[]
  may_edit: boolean
  may_approve: boolean
}

export interface ImportLine {
  where: string
  name: string
  slot_id: string
  from: string
  to: string
  person: RosterPerson | null
  problem: string | null
}

export interface ImportPreview {
  digest: string
  lines: ImportLine[]
  troubles: { where: string; reason: string; said: string }[]
  unknown: string[]
}

export interface ImportDone {
  id: string
  version: number
  written: number
}

export interface Feed {
  id: string
  kind: 'person' | 'group'
  group_id: string | null
  group_name: string | null
  facility: string | null
  label: string
  created_at: string
  last_used_at: string | null
  revoked_at: string | null
}

export interface FeedIssued {
  id: string
  feed: Feed
  path: string | null
}

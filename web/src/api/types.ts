/** Shapes of the public API as the pages use them. */

export type Role =
  | 'referring_clinician'
  | 'expert'
  | 'coordinator'
  | 'duty_desk'
  | 'commission'
  | 'system_admin'
  | 'security_admin'
  | 'auditor'
  | 'device'
  | 'crew'

export interface FacilityRef {
  id: string
  name: string
  short_name: string
  tier: string
}

export interface Me {
  account_id: string
  person_id: string
  name: string
  title: string
  roles: Role[]
  facility: FacilityRef | null
  facilities: FacilityRef[]
  region_ids: string[]
  demo: boolean
  on_duty: { group: string; tier: string; until: string }[]
  gateway_url: string
  server_time: string
  home: string
}

export interface PublicConfig {
  product: string
  demo: boolean
  gateway_url: string
  languages: string[]
}

export type ReachState =
  | 'queued'
  | 'sent'
  | 'delivered'
  | 'seen'
  | 'acknowledged'
  | 'declined'
  | 'unreachable'

export interface PageTarget {
  person: { id: string; name: string; title: string }
  facility: { id: string; short_name: string } | string
  step: number
  tier: string
  specialty: string
  state: ReachState
  states: Partial<Record<`${ReachState}_at`, string | null>>
  channels: { channel: string; state: string; at: string | null }[]
}

export interface Page {
  id: string
  case_id: string
  reason: string
  title?: string
  level: string
  mode: string
  state: 'running' | 'acknowledged' | 'exhausted' | 'cancelled'
  step: number
  next_step_at: string | null
  created_at: string
  acknowledged_by: { id: string; name: string } | null
  targets: PageTarget[]
}

export type Acuity = 'resuscitation' | 'critical' | 'urgent' | 'stable'
export type RiskColour = 'green' | 'yellow' | 'orange' | 'red'

export interface Action {
  machine: 'referral' | 'offer' | 'leg' | 'hold'
  target_id: string
  action: string
  version: number
  primary: boolean
  danger: boolean
  needs: string[]
}

/** The course of a case: milestones and clocks folded from its events, and the events themselves. */

export interface Words {
  zh: string
  en: string
}

export interface Actor {
  id: string
  name: string
  title: string
}

export interface Place {
  id: string
  short_name: string
}

export interface Milestone {
  name: string
  seq: number
  at: string
  recv_at: string
  source: string
  auto: boolean
  late: boolean
  amended: boolean
  actor: Actor | null
  facility: Place | null
}

export interface RunningClock {
  code: string
  version: number
  name: Words
  from_milestone: string
  to_milestone: string
  state: 'running' | 'stopped' | 'abandoned' | 'inconsistent'
  started_at: string
  stopped_at: string | null
  elapsed_s: number | null
  due_at: string | null
  overdue: boolean | null
  late: boolean
  target: { seconds: number | null; text: Words; source: string; to_be_verified: boolean } | null
}

export interface CaseClock {
  case_id: string
  server_time: string
  ended: boolean
  milestones: Milestone[]
  clocks: RunningClock[]
}

export interface TimelineEvent {
  seq: number
  kind: string
  milestone: string | null
  at: string
  original_at: string
  recv_at: string
  device_at: string | null
  clock_offset_ms: number | null
  clocks_differ: boolean
  source: string
  auto: boolean
  late: boolean
  simulated: boolean
  actor: Actor | null
  facility: Place | null
  payload: Record<string, unknown>
  amendments: { seq: number; reason: string; actor: Actor | null; recv_at: string }[]
  hash: string
}

export interface Timeline {
  case_id: string
  events: TimelineEvent[]
  drill: boolean
  demo: boolean
  voided: boolean
}

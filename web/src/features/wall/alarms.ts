/** Alarms as a strip shows them: what the gateway says, latest word per alarm. Pure. */
import type { Rank } from './order'

export type AlarmPriority = 'high' | 'medium' | 'low'
/** As on the server: latched is over but nobody has answered; acknowledged is there and taken. */
export type AlarmState = 'active' | 'silenced' | 'latched' | 'acknowledged' | 'closed'

export interface StripAlarm {
  id: string
  kind: string
  /** 1–3 a fetal channel, 0 the recording. */
  channel: number
  priority: AlarmPriority
  state: AlarmState
  raisedAt: string
  valueBpm: number | null
  acknowledgedBy: string | null
  silencedUntil: string | null
  version: number
}

const PRIORITIES: readonly AlarmPriority[] = ['high', 'medium', 'low']
const STATES: readonly AlarmState[] = ['active', 'silenced', 'latched', 'acknowledged', 'closed']
const UNANSWERED: readonly AlarmState[] = ['active', 'silenced', 'latched']

/** An alarm out of a message; null if it is none. Unknown words are the loudest they could mean. */
export function readAlarm(word: unknown): StripAlarm | null {
  if (typeof word !== 'object' || word === null) return null
  const said = word as Record<string, unknown>
  if (typeof said['id'] !== 'string' || typeof said['kind'] !== 'string') return null
  const text = (name: string): string | null => (typeof said[name] === 'string' ? said[name] : null)
  return {
    id: said['id'],
    kind: said['kind'],
    channel: Number(said['channel'] ?? 0),
    priority: PRIORITIES.find((one) => one === said['priority']) ?? 'high',
    state: STATES.find((one) => one === said['state']) ?? 'active',
    raisedAt: text('raised_at') ?? '',
    valueBpm: typeof said['value_bpm'] === 'number' ? said['value_bpm'] : null,
    acknowledgedBy: text('acknowledged_by'),
    silencedUntil: text('silenced_until'),
    version: Number(said['version'] ?? 0),
  }
}

/** Takes the newer word on an alarm; closed ones leave. */
export function withAlarm(alarms: readonly StripAlarm[], next: StripAlarm): readonly StripAlarm[] {
  const known = alarms.find((alarm) => alarm.id === next.id)
  if (known !== undefined && known.version > next.version) return alarms
  // At most one of a kind and channel lives: one told before it was recorded may have had another id.
  const others = alarms.filter((alarm) => alarm.id !== next.id && (alarm.kind !== next.kind || alarm.channel !== next.channel))
  return sorted(next.state === 'closed' ? others : [...others, next])
}

/** Loudest first: sounding, then unanswered, then taken; within that by priority and age. */
export function sorted(alarms: readonly StripAlarm[]): StripAlarm[] {
  return [...alarms].sort(
    (a, b) =>
      STATES.indexOf(a.state) - STATES.indexOf(b.state) ||
      PRIORITIES.indexOf(a.priority) - PRIORITIES.indexOf(b.priority) ||
      a.raisedAt.localeCompare(b.raisedAt),
  )
}

/** What must sound now: the highest priority among those that are active. */
export function sounding(alarms: readonly StripAlarm[]): AlarmPriority | null {
  return PRIORITIES.find((priority) => alarms.some((alarm) => alarm.state === 'active' && alarm.priority === priority)) ?? null
}

/** Where alarms put a strip in the order: unanswered ones by priority; taken ones do not lift it. */
export function alarmRank(alarms: readonly StripAlarm[]): Rank | null {
  const at = PRIORITIES.findIndex((priority) => alarms.some((alarm) => UNANSWERED.includes(alarm.state) && alarm.priority === priority))
  return at < 0 ? null : (at as Rank)
}

/** What a place of today's roster says, worked out without a screen. */
import type { DutyGroup, DutySlot, PhoneEntry } from './types'

export type SlotState = 'gap' | 'open' | 'online' | 'signed_on' | 'away'

/** A required place without a person is a gap; a person may be reachable now, or may not. */
export function slotState(slot: DutySlot): SlotState {
  if (slot.person === null) return slot.required ? 'gap' : 'open'
  if (slot.reach?.online) return 'online'
  return slot.reach?.signed_on ? 'signed_on' : 'away'
}

export interface Tally {
  places: number
  gaps: number
  online: number
}

export function tally(groups: readonly DutyGroup[]): Tally {
  const slots = groups.flatMap((group) => group.slots)
  const count = (state: SlotState): number => slots.filter((slot) => slotState(slot) === state).length
  return { places: slots.length, gaps: count('gap'), online: count('online') }
}

/** Desks stay in front; somebody on call at several places is printed once, with all of them. */
export interface PhoneLine {
  entry: PhoneEntry
  posts: { tier: string; specialty: string }[]
}

export function phoneLines(entries: readonly PhoneEntry[]): PhoneLine[] {
  const lines: PhoneLine[] = []
  for (const entry of entries) {
    const post = entry.tier !== null && entry.specialty !== null ? [{ tier: entry.tier, specialty: entry.specialty }] : []
    const known = entry.person === null ? undefined : lines.find((line) => line.entry.person === entry.person && line.entry.phone === entry.phone)
    if (known === undefined) lines.push({ entry, posts: post })
    else known.posts.push(...post)
  }
  return lines
}

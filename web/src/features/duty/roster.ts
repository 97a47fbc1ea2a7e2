/** What a place of today's roster says, worked out without a screen. */
import type { DutyGroup, DutySlot } from './types'

export type SlotState = 'gap' | 'open' | 'online' | 'signed_on' | 'away'

/** A required place without a person is a gap; a person may be reachable now, or may not. */
export function slotState(slot: DutySlot): SlotState {
  if (slot.person === null) return slot.required ? 'gap' : 'open'
  if (slot.reach?.online) return 'online'
  return slot.reach?.signed_on ? 'signed_on' : 'away'
}

export interface Tally {
  places: number
  gaps: readonly DutySlot[]
  online: number
}

export function tally(groups: readonly DutyGroup[]): Tally {
  const slots = groups.flatMap((group) => group.slots)
  const count = (state: SlotState): number => slots.filter((slot) => slotState(slot) === state).length
  return { places: slots.length, gaps: slots.filter((slot) => slotState(slot) === 'gap'), online: count('online') }
}

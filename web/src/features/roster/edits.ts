/** Changes to a draft as the board makes them, and how each is taken back. */
import { DAY_MS, dayStart, iso } from './days'
import type { Shift } from './types'

export interface Put {
  slot_id: string
  person_id: string
  from: string
  to: string
}

/** What `PUT …/entries` takes besides the version. */
export interface Changes {
  remove: string[]
  move: { entry_id: string; slot_id?: string; person_id?: string; from?: string; to?: string }[]
  put: Put[]
}

const none = (): Changes => ({ remove: [], move: [], put: [] })

/** Put somebody on a place for a duty day, or for part of it. */
export function putting(slotId: string, personId: string, date: string, from?: number, to?: number): Changes {
  const start = dayStart(date)
  return { ...none(), put: [{ slot_id: slotId, person_id: personId, from: iso(from ?? start), to: iso(to ?? start + DAY_MS) }] }
}

export function removing(entryIds: readonly string[]): Changes {
  return { ...none(), remove: [...entryIds] }
}

/**
 * One duty day of an entry goes to another cell. An entry may cover a week: only the day that was
 * dragged moves; the rest stays, because the server splits what is put over.
 */
export function moving(entry: Shift, date: string, to: { slotId: string; date: string }): Changes {
  const from = dayStart(date)
  const start = Math.max(Date.parse(entry.from), from)
  const end = Math.min(Date.parse(entry.to), from + DAY_MS)
  const shift = dayStart(to.date) - from
  const kept = remainders(entry, start, end)
  return {
    remove: [entry.id],
    move: [],
    put: [...kept, { slot_id: to.slotId, person_id: entry.person.id, from: iso(start + shift), to: iso(end + shift) }],
  }
}

/** Take one duty day out of an entry. */
export function clearing(entry: Shift, date: string): Changes {
  const from = dayStart(date)
  const start = Math.max(Date.parse(entry.from), from)
  const end = Math.min(Date.parse(entry.to), from + DAY_MS)
  return { remove: [entry.id], move: [], put: remainders(entry, start, end) }
}

function remainders(entry: Shift, start: number, end: number): Put[] {
  const from = Date.parse(entry.from)
  const to = Date.parse(entry.to)
  const left: [number, number][] = [
    [from, start],
    [end, to],
  ]
  return left
    .filter(([a, b]) => a < b)
    .map(([a, b]) => ({ slot_id: entry.slot_id, person_id: entry.person.id, from: iso(a), to: iso(b) }))
}

const said = (shift: Shift): string => `${shift.slot_id}|${shift.person.id}|${Date.parse(shift.from)}|${Date.parse(shift.to)}`

/** What makes the draft of `after` into that of `before` again. */
export function undoing(before: readonly Shift[], after: readonly Shift[]): Changes {
  const kept = new Set(before.map(said))
  const there = new Set(after.map(said))
  return {
    remove: after.filter((one) => !kept.has(said(one))).map((one) => one.id),
    move: [],
    put: before.filter((one) => !there.has(said(one))).map((one) => ({ slot_id: one.slot_id, person_id: one.person.id, from: one.from, to: one.to })),
  }
}

export function isEmpty(changes: Changes): boolean {
  return changes.remove.length + changes.move.length + changes.put.length === 0
}

/** What stands in each cell of the roster: pieces of shifts, holes, and what is wrong with them. */
import { DAY_MS, clock, dayStart, dutyDate } from './days'
import type { Day, Gap, RosterCalendar, Shift } from './types'

export interface Piece {
  shift: Shift
  from: number
  to: number
  /** Fills the duty day from handover to handover. */
  whole: boolean
  clash: boolean
  /** The person is on leave in part of it. */
  away: boolean
}

export interface Hole {
  from: number
  to: number
  required: boolean
  whole: boolean
}

export interface Cell {
  key: string
  slotId: string
  date: string
  pieces: Piece[]
  holes: Hole[]
}

export const cellKey = (slotId: string, date: string): string => `${slotId}@${date}`

const overlap = (a: { from: number; to: number }, from: number, to: number): boolean => a.from < to && from < a.to

interface Span {
  from: number
  to: number
}

function spanOf(one: { from: string; to: string }): Span {
  return { from: Date.parse(one.from), to: Date.parse(one.to) }
}

/** Everything that stands in the cells of these days, by cell. */
export function cellsOf(calendar: RosterCalendar, days: readonly string[]): Map<string, Cell> {
  const clashing = new Set(calendar.clashes.flatMap((clash) => clash.shift_ids))
  const cells = new Map<string, Cell>()
  const slots = calendar.groups.flatMap((group) => group.slots)
  const shifts = calendar.shifts.map((shift) => ({ shift, ...spanOf(shift) }))
  const gaps = calendar.gaps.map((gap) => ({ gap, ...spanOf(gap) }))
  const leave = calendar.leave.map((one) => ({ personId: one.person_id, ...spanOf(one) }))
  for (const slot of slots) {
    const mine = shifts.filter((one) => one.shift.slot_id === slot.id)
    const lacking = gaps.filter((one) => one.gap.slot_id === slot.id)
    for (const date of days) {
      const from = dayStart(date)
      const to = from + DAY_MS
      const pieces = mine.filter((one) => overlap(one, from, to)).map((one) => piece(one, from, to, clashing, leave))
      const holes = lacking.filter((one) => overlap(one, from, to)).map((one) => hole(one, from, to))
      const key = cellKey(slot.id, date)
      cells.set(key, { key, slotId: slot.id, date, pieces: joined(pieces, from, to), holes })
    }
  }
  return cells
}

/** Two shifts of one person that meet (a plan published at noon) read as one, unless they are drafts. */
function joined(pieces: Piece[], from: number, to: number): Piece[] {
  const found: Piece[] = []
  for (const one of pieces.sort((a, b) => a.from - b.from)) {
    const last = found[found.length - 1]
    const meets = last !== undefined && last.to === one.from && last.shift.person.id === one.shift.person.id && !last.shift.draft && !one.shift.draft
    if (!meets || last.clash !== one.clash || last.away !== one.away) found.push(one)
    else found[found.length - 1] = { ...last, to: one.to, whole: last.from === from && one.to === to }
  }
  return found
}

function piece(one: Span & { shift: Shift }, from: number, to: number, clashing: ReadonlySet<string>, leave: readonly (Span & { personId: string })[]): Piece {
  const start = Math.max(one.from, from)
  const end = Math.min(one.to, to)
  return {
    shift: one.shift,
    from: start,
    to: end,
    whole: start === from && end === to,
    clash: clashing.has(one.shift.id),
    away: leave.some((gone) => gone.personId === one.shift.person.id && overlap(gone, start, end)),
  }
}

function hole(one: Span & { gap: Gap }, from: number, to: number): Hole {
  const start = Math.max(one.from, from)
  const end = Math.min(one.to, to)
  return { from: start, to: end, required: one.gap.required, whole: start === from && end === to }
}

/** `08:00–12:00`, or nothing for a whole duty day. */
export function hours(part: { from: number; to: number; whole: boolean }): string {
  return part.whole ? '' : `${clock(part.from)}–${clock(part.to)}`
}

export interface Wrong {
  kind: string
  cell: string
  date: string
  from: number
  to: number
  slotId: string
  personId: string | null
  required: boolean
}

/** What is wrong with what is shown, oldest first: holes, people claimed twice, people on leave. */
export function wrongOf(calendar: RosterCalendar): Wrong[] {
  const byId = new Map(calendar.shifts.map((shift) => [shift.id, shift]))
  const found = calendar.gaps.map((gap) => wrong('gap', gap.slot_id, spanOf(gap), null, gap.required))
  for (const clash of calendar.clashes) {
    for (const id of clash.shift_ids) {
      const shift = byId.get(id)
      if (shift !== undefined) found.push(wrong('clash', shift.slot_id, spanOf(shift), clash.person_id, true))
    }
  }
  for (const gone of calendar.leave) {
    const away = spanOf(gone)
    for (const shift of calendar.shifts) {
      const span = spanOf(shift)
      if (shift.person.id !== gone.person_id || !overlap(span, away.from, away.to)) continue
      const part = { from: Math.max(span.from, away.from), to: Math.min(span.to, away.to) }
      found.push(wrong('on_leave', shift.slot_id, part, gone.person_id, true))
    }
  }
  return inOrder(found)
}

export function wrong(kind: string, slotId: string, span: Span, personId: string | null, required: boolean): Wrong {
  const date = dutyDate(span.from)
  return { kind, cell: cellKey(slotId, date), date, ...span, slotId, personId, required }
}

/** Required holes and clashes first within a day; the same thing once. */
export function inOrder(found: readonly Wrong[]): Wrong[] {
  const seen = new Set<string>()
  return [...found]
    .sort((a, b) => a.from - b.from || Number(b.required) - Number(a.required) || a.kind.localeCompare(b.kind))
    .filter((one) => {
      const key = `${one.kind}|${one.slotId}|${one.from}|${one.personId ?? ''}`
      if (seen.has(key)) return false
      seen.add(key)
      return true
    })
}

/** A day on which most people are at home. */
export function isRest(day: Day): boolean {
  return day.kind === 'weekend' || day.kind === 'holiday'
}

/** The same roster by people: who has which days, how many, and in which stretches. */
import { addDays, dutyDate } from './days'
import { type Piece, cellsOf, isRest } from './grid'
import type { RosterCalendar } from './types'

export interface PersonRow {
  id: string
  name: string
  title: string
  /** Pieces by duty day. */
  days: Map<string, { piece: Piece; slotId: string }[]>
  duties: number
  restDays: number
}

/** One line per person who has a duty in these days. */
export function peopleOf(calendar: RosterCalendar, days: readonly string[]): PersonRow[] {
  const rows = new Map<string, PersonRow>()
  const rest = new Set(calendar.days.filter((day) => isRest(day)).map((day) => day.date))
  for (const cell of cellsOf(calendar, days).values()) {
    for (const one of cell.pieces) {
      const person = one.shift.person
      const row = rows.get(person.id) ?? { id: person.id, name: person.name, title: person.title, days: new Map(), duties: 0, restDays: 0 }
      const held = row.days.get(cell.date) ?? []
      if (held.length === 0) {
        row.duties += 1
        if (rest.has(cell.date)) row.restDays += 1
      }
      row.days.set(cell.date, [...held, { piece: one, slotId: cell.slotId }])
      rows.set(person.id, row)
    }
  }
  return [...rows.values()].sort((a, b) => a.name.localeCompare(b.name, 'zh'))
}

/** Whether somebody is on leave on a duty day. */
export function awayOn(calendar: RosterCalendar, personId: string, date: string): boolean {
  return calendar.leave.some((one) => one.person_id === personId && dutyDate(Date.parse(one.from)) <= date && date <= dutyDate(Date.parse(one.to) - 1))
}

/** How many of these duty days each person has. */
export function dutiesOf(calendar: RosterCalendar, days: readonly string[]): Map<string, number> {
  return new Map(peopleOf(calendar, days).map((row) => [row.id, row.duties]))
}

/** Duty days in a row on one place; a day of which only a part is theirs stands alone. */
export interface Stretch {
  slotId: string
  first: string
  last: string
  days: number
  piece: Piece
}

export function stretchesOf(row: PersonRow): Stretch[] {
  const found: Stretch[] = []
  for (const [date, held] of [...row.days].sort(([a], [b]) => a.localeCompare(b))) {
    for (const { piece, slotId } of held) {
      const before = found.find((one) => one.slotId === slotId && addDays(one.last, 1) === date && one.piece.whole && piece.whole && one.piece.clash === piece.clash && one.piece.away === piece.away)
      if (before === undefined) found.push({ slotId, first: date, last: date, days: 1, piece })
      else Object.assign(before, { last: date, days: before.days + 1 })
    }
  }
  return found
}

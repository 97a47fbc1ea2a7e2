/** Notes under a chart of months: those from what is known, and where those that people wrote stand. */
import type { ChartNote, ControlChart, Definition, IndicatorScope } from './types'

export interface Note {
  name: 'part' | 'small' | 'outside' | 'run' | 'definition'
  month: string
  said: Record<string, string>
}

const CHINA_MS = 8 * 3_600_000
const dayOf = (moment: number): string => new Date(moment + CHINA_MS).toISOString().slice(0, 10)

/** The last day of a month, as YYYY-MM-DD. */
function lastOf(month: string): string {
  const [year, no] = month.split('-').map(Number) as [number, number]
  return new Date(Date.UTC(year, no, 0)).toISOString().slice(0, 10)
}

/** Months that the period holds in part, small ones, changes, and where the definition begins; in their order. */
export function notesOf(chart: ControlChart, definition: Definition, scope: IndicatorScope): Note[] {
  const [first, last] = [dayOf(Date.parse(scope.from)), dayOf(Date.parse(scope.to) - 1)]
  const found: Note[] = []
  for (const { month, n, signal } of chart.points) {
    const [from, to] = [`${month}-01` < first ? first : `${month}-01`, lastOf(month) > last ? last : lastOf(month)]
    if (from !== `${month}-01` || to !== lastOf(month)) found.push({ name: 'part', month, said: { from, to } })
    if (n === null) found.push({ name: 'small', month, said: {} })
    if (signal !== null) found.push({ name: signal, month, said: {} })
    if (definition.valid_from.startsWith(month)) found.push({ name: 'definition', month, said: { version: String(definition.version), at: definition.valid_from } })
  }
  return found
}

/** The mark of a month: its first note's number in the list, with a plus if it has more, and what they say. */
export interface Mark {
  label: string
  said: string
}

/** Marks by month of notes in the order of their list. */
export function marksOf(notes: readonly ChartNote[]): Map<string, Mark> {
  const marks = new Map<string, Mark>()
  for (const [i, { month, text, place }] of notes.entries()) {
    const [had, said] = [marks.get(month), `${i + 1}. ${text} (${place.name})`]
    marks.set(month, had ? { label: `${parseInt(had.label)}+`, said: `${had.said}\n${said}` } : { label: String(i + 1), said })
  }
  return marks
}

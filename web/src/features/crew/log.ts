/** Pure: what was recorded of this journey, newest first, whatever kind of thing it was. */
import type { CrewNow, Given, RoadItem } from '@/api/crew'

type Entry = CrewNow['entries'][number]
type Child = CrewNow['children'][number]

export type LogLine =
  | { kind: 'entry'; at: string; entry: Entry }
  | { kind: 'given'; at: string; given: Given }
  | { kind: 'child'; at: string; child: Child }

export function logOf(now: CrewNow): LogLine[] {
  const lines: LogLine[] = [
    // A birth stands as the child that was born.
    ...now.entries.filter((entry) => entry.kind !== 'birth').map((entry) => ({ kind: 'entry' as const, at: entry.at, entry })),
    ...now.given.filter((given) => given.on_the_way).map((given) => ({ kind: 'given' as const, at: given.at, given })),
    ...now.children.map((child) => ({ kind: 'child' as const, at: child.born_at, child })),
  ]
  return lines.sort((a, b) => Date.parse(b.at) - Date.parse(a.at))
}

/** A drug in a line: name, dose and unit, way. */
export function givenText(given: Given, lang: string, word: (key: string, code: string) => string): string {
  const dose = given.dose === null ? '' : `${given.dose} ${word(`dossier.unit.${given.unit ?? ''}`, given.unit ?? '')}`
  const route = given.route === null ? '' : word(`dossier.route.${given.route}`, given.route)
  return [lang === 'en' ? given.en : given.zh, dose, route, given.note ?? ''].filter((part) => part !== '').join(' ')
}

/** The names of the documents that the checklist ticked. */
export function documentNames(items: readonly RoadItem[], codes: readonly string[], lang: string): string[] {
  return items.filter((item) => codes.includes(item.code)).map((item) => (lang === 'en' ? item.en : item.zh))
}

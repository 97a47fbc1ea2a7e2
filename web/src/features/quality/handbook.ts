/** The handbook in order: one entry per code, what counts today, what waits for a second person, its other versions. */
import type { DefinitionVersion } from './types'
import { lastDay } from './words'

export interface Entry {
  code: string
  /** What counts today; where nothing does, what was added last. */
  shown: DefinitionVersion
  /** Entered, and without effect until another person has compared it. */
  waiting: DefinitionVersion[]
  others: DefinitionVersion[]
}

export function byCode(versions: readonly DefinitionVersion[]): Entry[] {
  const groups = new Map<string, DefinitionVersion[]>()
  for (const one of versions) {
    const held = groups.get(one.definition.code)
    if (held) held.push(one)
    else groups.set(one.definition.code, [one])
  }
  return [...groups].flatMap(([code, group]) => {
    const newest = [...group].sort((a, b) => b.added_at.localeCompare(a.added_at))
    const shown = group.find((one) => one.counts) ?? newest.find((one) => !one.withdrawn) ?? newest[0]
    if (!shown) return []
    const rest = newest.filter((one) => one.id !== shown.id)
    return [{ code, shown, waiting: rest.filter((one) => one.waits), others: rest.filter((one) => !one.waits) }]
  })
}

export function matching(entries: readonly Entry[], typed: string, unverified: boolean): Entry[] {
  const wanted = typed.trim().toLowerCase()
  return entries.filter(({ code, shown, waiting }) => {
    const { name, to_be_verified: open } = shown.definition
    return (!unverified || open || waiting.length > 0) && `${code} ${name.zh} ${name.en}`.toLowerCase().includes(wanted)
  })
}

export interface Draft {
  code: string
  zh: string
  en: string
  meaning: string
  population: string
  standing: string
  aspect: string
  level: string[]
  unit: string
  direction: string
  source: string
  data_source: string
  valid_from: string
  /** The last day on which it counts; empty: until another version does. */
  last_day: string
  /** What is aimed at, in words; an interval's target stands with its clock. */
  aim: string
  /** Who does not count, one a line. */
  exclusions: string
  national_no: string
  weight: string
  low: string
  high: string
  awaits: string
  numerator: string
  denominator: string
  /** The measure in the closed vocabulary, as JSON; empty where no data is held. */
  measure: string
}

const number = (text: string): number | null => (text.trim() === '' ? null : Number(text))

/** A version starts from the one that it replaces; a new code starts empty. */
export function draftFrom(from: DefinitionVersion | null, today: string): Draft {
  const held = from?.definition
  const shown = (value: number | null | undefined): string => (value === null || value === undefined ? '' : String(value))
  return {
    code: held?.code ?? '',
    zh: held?.name.zh ?? '',
    en: held?.name.en ?? '',
    meaning: held?.definition.zh ?? '',
    population: held?.population.zh ?? '',
    standing: held === undefined || held.standing === 'candidate' ? 'national' : held.standing,
    aspect: held?.aspect ?? 'system',
    level: [...(held?.levels ?? ['centre'])],
    unit: held?.unit ?? 'percent',
    direction: held?.direction ?? 'none',
    source: '',
    data_source: held?.data_source ?? '',
    valid_from: today,
    last_day: held?.valid_to ? lastDay(held.valid_to) : '',
    aim: held === undefined || held.measure.kind === 'interval' ? '' : (held.target?.text.zh ?? ''),
    exclusions: (held?.exclusions.zh ?? []).join('\n'),
    national_no: shown(held?.national_no),
    weight: shown(held?.weight),
    low: shown(held?.baseline?.low),
    high: shown(held?.baseline?.high),
    awaits: held?.measure.kind === 'elsewhere' ? held.measure.awaits.zh : '',
    numerator: held?.numerator?.zh ?? '',
    denominator: held?.denominator?.zh ?? '',
    measure: held === undefined || held.measure.kind === 'elsewhere' ? '' : JSON.stringify(held.measure, null, 2),
  }
}

/** Whether the measure can be read; what it may say is the server's to judge. */
export function readable(measure: string): boolean {
  if (measure.trim() === '') return true
  try {
    return typeof JSON.parse(measure) === 'object'
  } catch {
    return false
  }
}

/** Whether the measure is of time: then the target stands with the clock. */
export function timed(measure: string): boolean {
  return readable(measure) && measure.trim() !== '' && (JSON.parse(measure) as { kind?: string }).kind === 'interval'
}

/** The first day on which a version is over. */
function over(lastDay: string): string | null {
  return lastDay === '' ? null : new Date(Date.parse(lastDay) + 86_400_000).toISOString().slice(0, 10)
}

/** What is sent; without a measure it says which data it awaits. */
export function bodyOf(draft: Draft, from: DefinitionVersion | null): Record<string, unknown> {
  const held = from?.definition
  const [low, high] = [number(draft.low), number(draft.high)]
  // English of the replaced version stays only where the Chinese beside it did.
  const both = (zh: string, old: { zh: string; en: string } | null | undefined) => ({ zh, en: old?.zh === zh ? old.en : '' })
  return {
    code: draft.code.trim(),
    replaces: from?.id ?? null,
    valid_from: draft.valid_from,
    valid_to: over(draft.last_day),
    standing: draft.standing,
    aspect: draft.aspect,
    levels: draft.level,
    unit: draft.unit,
    direction: draft.direction,
    source: draft.source,
    data_source: draft.data_source,
    name: { zh: draft.zh, en: draft.en },
    definition: both(draft.meaning, held?.definition),
    population: both(draft.population, held?.population),
    numerator: draft.numerator ? both(draft.numerator, held?.numerator) : null,
    denominator: draft.denominator ? both(draft.denominator, held?.denominator) : null,
    exclusions: draft.exclusions.split('\n').map((one) => one.trim()).filter(Boolean).map((zh) => ({ zh, en: held?.exclusions.en[held.exclusions.zh.indexOf(zh)] ?? '' })),
    aim: draft.aim && !timed(draft.measure) ? both(draft.aim, held?.target?.text) : null,
    measure: draft.measure.trim() ? JSON.parse(draft.measure) : { kind: 'elsewhere', awaits: { zh: draft.awaits, en: '' } },
    national_no: number(draft.national_no),
    weight: number(draft.weight),
    baseline: low === null && high === null ? null : { low, high, confidence: 'S', source: draft.source },
  }
}

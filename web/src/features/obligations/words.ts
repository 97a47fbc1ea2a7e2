/** Figures, periods and names in the language of the page. */
import type { Item, Obligation, Pulled } from './types'

const UNITS: Record<string, string> = { percent: '%', per_1000: '‰', per_100000: '/100,000' }
const SECONDS = 60

/** Chinese or English of something that carries both. */
export function named(one: { zh: string; en: string } | undefined, lang: string): string {
  return one === undefined ? '' : lang === 'en' ? one.en : one.zh
}

export function obligationOf(list: readonly Obligation[], code: string): Obligation | undefined {
  return list.find((one) => one.code === code)
}

/** 2026-Q4 → 2026年第4季度; 2026-H1 → 2026年上半年; 2026-11 → 2026年11月. English keeps the code. */
export function periodText(code: string, lang: string): string {
  if (lang === 'en') return code
  const [year, part] = code.split('-')
  if (part === undefined) return `${year}年`
  if (part.startsWith('Q')) return `${year}年第${part.slice(1)}季度`
  if (part.startsWith('H')) return `${year}年${part === 'H1' ? '上' : '下'}半年`
  return `${year}年${Number(part)}月`
}

type Say = (key: string, named?: Record<string, unknown>) => string

/** A figure of the system in words. */
export function figureText(pulled: Pulled, t: Say, lang: string): string {
  const minutes = (seconds: number): string => (seconds / SECONDS).toFixed(1)
  if (pulled.kind === 'count') return t('obligations.figure.count', { n: pulled.n })
  if (pulled.kind === 'share') {
    if (pulled.value == null) return t('obligations.figure.no_share')
    return `${pulled.value.toFixed(1)}${UNITS[pulled.unit ?? ''] ?? ''} (${pulled.n}/${pulled.of})`
  }
  if (pulled.kind === 'interval') {
    if (pulled.p50_s == null || pulled.p90_s == null) return t('obligations.figure.no_interval', { of: pulled.of ?? 0 })
    return t('obligations.figure.interval', { p50: minutes(pulled.p50_s), p90: minutes(pulled.p90_s), n: pulled.n ?? 0 })
  }
  if (pulled.kind === 'parts') {
    const parts = (pulled.parts ?? []).filter((one) => one.n > 0).map((one) => `${named(one, lang)} ${one.n}`)
    return [t('obligations.figure.women', { n: pulled.n }), ...parts].join(' · ')
  }
  return t('obligations.figure.closed')
}

/** What a person has typed for one item, as the API takes it. */
export interface Said {
  text: string
  points: number | null
  rows: Record<string, string>[]
}

export function saidOf(item: Item): Said {
  return {
    text: item.stated?.text ?? '',
    points: item.stated?.points ?? null,
    rows: (item.stated?.rows ?? []).map((row) => ({ ...row })),
  }
}

export function statement(item: Item, said: Said): Record<string, unknown> {
  const filled = said.rows.filter((row) => Object.values(row).some((value) => value.trim() !== ''))
  return {
    item: item.code,
    ...(item.ask === 'table' ? { rows: filled.map((row) => ({ cells: Object.entries(row).map(([column, value]) => ({ column, value })) })) } : {}),
    ...((item.ask === 'text' || item.ask === 'date') && said.text.trim() !== '' ? { text: said.text.trim() } : {}),
    ...(item.points !== null && said.points !== null ? { points: said.points } : {}),
  }
}

const MONTHS: Record<string, number> = { month: 1, quarter: 3, half_year: 6, year: 12 }
const LETTERS: Record<string, string> = { quarter: 'Q', half_year: 'H' }
const BACK = 6

/** The next period, this one, and some before, as the API writes them. */
export function periodsAround(cadence: string, now: Date): string[] {
  const length = MONTHS[cadence] ?? 1
  const current = Math.floor((now.getFullYear() * 12 + now.getMonth()) / length)
  return Array.from({ length: BACK + 2 }, (_, at) => {
    const month = (current + 1 - at) * length
    const year = Math.floor(month / 12)
    const part = (month % 12) / length + 1
    if (length === 12) return String(year)
    return length === 1 ? `${year}-${String(part).padStart(2, '0')}` : `${year}-${LETTERS[cadence]}${part}`
  })
}

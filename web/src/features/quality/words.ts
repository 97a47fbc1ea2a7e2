/** Durations and short words of indicators. */
import type { ControlChart, Definition, Text, Value } from './types'

/** Below this many cases a quantile or a share says little; the page says so and shows the cases. */
export const SMALL_N = 10

/** A duration to read, not to compare digit by digit: 45 秒, 3 分 24 秒, 1 小时 05 分, 2 天 3 小时. */
export function duration(seconds: number | null, lang: string): string {
  if (seconds === null) return '–'
  const unit = lang === 'en' ? { s: ' s', m: ' min', h: ' h', d: ' d' } : { s: ' 秒', m: ' 分', h: ' 小时', d: ' 天' }
  const total = Math.max(0, Math.round(seconds))
  const two = (value: number): string => String(value).padStart(2, '0')
  if (total < 60) return `${total}${unit.s}`
  if (total < 3_600) return join(Math.floor(total / 60), unit.m, total % 60, two(total % 60), unit.s)
  const minutes = Math.round(total / 60)
  if (minutes < 1_440) return join(Math.floor(minutes / 60), unit.h, minutes % 60, two(minutes % 60), unit.m)
  const hours = Math.round(total / 3_600)
  return join(Math.floor(hours / 24), unit.d, hours % 24, String(hours % 24), unit.h)
}

function join(first: number, firstUnit: string, rest: number, restText: string, restUnit: string): string {
  return rest === 0 ? `${first}${firstUnit}` : `${first}${firstUnit} ${restText}${restUnit}`
}

/** Axis labels: the shortest exact form. */
export function tick(seconds: number, lang: string): string {
  const en = lang === 'en'
  if (seconds === 0) return '0'
  if (seconds % 86_400 === 0) return `${seconds / 86_400}${en ? 'd' : '天'}`
  if (seconds % 3_600 === 0) return `${seconds / 3_600}${en ? 'h' : '时'}`
  if (seconds % 60 === 0) return `${seconds / 60}${en ? 'min' : '分'}`
  return `${seconds}${en ? 's' : '秒'}`
}

export function say(text: Text, lang: string): string {
  return lang === 'en' ? text.en : text.zh
}

/** How many a number rests on; 0 where the platform holds no data. */
export function counted(value: Value): number {
  if (value.kind === 'elsewhere') return 0
  if (value.kind === 'interval') return value.distribution.n
  return value.kind === 'share' ? value.of : value.n
}

/** Whether a number says nothing here: no data, or nobody to take a share or a median of. Nothing counted is a count. */
export function silent(value: Value): boolean {
  if (value.kind === 'interval') return value.distribution.n + value.open + value.inconsistent === 0
  return value.kind === 'elsewhere' || (value.kind === 'share' && value.of === 0)
}

const UNIT_SIGN: Partial<Record<Definition['unit'], string>> = { percent: ' %', per_1000: ' ‰', per_100000: ' /10万', ratio: '' }

/** A share, median or count in its unit: two decimals, or none for a count. */
export function inUnit(value: number | null, unit: Definition['unit'], lang: string): string {
  if (value === null) return '–'
  if (unit === 's') return duration(value, lang)
  const sign = UNIT_SIGN[unit]
  if (sign === undefined) return Number.isInteger(value) ? String(value) : value.toFixed(1)
  return `${value.toFixed(2)}${lang === 'en' && unit === 'per_100000' ? ' per 100,000' : sign}`
}

/** The day before the first on which a version is over. */
export function lastDay(over: string): string {
  return new Date(Date.parse(over) - 86_400_000).toISOString().slice(0, 10)
}

/** Both ends of an interval in their unit; '…' where it is open. */
export function interval(said: { low: number | null; high: number | null }, unit: Definition['unit'], lang: string): string {
  return [said.low, said.high].map((end) => (end === null ? '…' : inUnit(end, unit, lang))).join(' – ')
}

/** An axis label: a duration, or the bare number with as many decimals as it needs. */
export function chartTick(value: number, unit: Definition['unit'], lang: string): string {
  return unit === 's' ? tick(value, lang) : String(Number(value.toPrecision(6)))
}

/** A value of a control chart: counts are per 30 days and may be broken. */
export function chartValue(value: number | null, kind: ControlChart['kind'], unit: Definition['unit'], lang: string): string {
  return kind === 'u' && value !== null ? value.toFixed(1) : inUnit(value, unit, lang)
}

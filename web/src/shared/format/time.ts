/**
 * Times as the screens write them, in the time zone of the reader's device.
 *
 * Lists `11-22 03:07`, records `2026-11-22 03:07:41`, running clocks `06:41`, relative under 24 h.
 */

type Instant = string | number | Date

const two = (value: number): string => String(value).padStart(2, '0')

export function listTime(at: Instant): string {
  const t = new Date(at)
  return `${two(t.getMonth() + 1)}-${two(t.getDate())} ${hourMinute(at)}`
}

export function recordTime(at: Instant): string {
  const t = new Date(at)
  return `${t.getFullYear()}-${listTime(at)}:${two(t.getSeconds())}`
}

export function hourMinute(at: Instant): string {
  const t = new Date(at)
  return `${two(t.getHours())}:${two(t.getMinutes())}`
}

/** A running clock from milliseconds: mm:ss, from one hour h:mm:ss; never negative. */
export function elapsed(ms: number): string {
  const total = Math.max(0, Math.floor(ms / 1000))
  const hours = Math.floor(total / 3600)
  const rest = `${two(Math.floor((total % 3600) / 60))}:${two(total % 60)}`
  return hours > 0 ? `${hours}:${rest}` : rest
}

/** How old a sample is: `0.8 s`, `12 s`, `02:13`, `3:05:10`: short at a distance, exact enough to act on. */
export function sampleAge(ms: number | null): string {
  if (ms === null) return '–'
  const seconds = ms / 1000
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`
  return seconds < 100 ? `${Math.round(seconds)} s` : elapsed(ms)
}

/** A span in words from seconds: 45 秒, 12 分, 1 小时 05 分. */
export function span(seconds: number, lang: string): string {
  const en = lang === 'en'
  const total = Math.max(0, Math.round(seconds))
  if (total < 60) return en ? `${total} s` : `${total} 秒`
  const minutes = Math.floor(total / 60)
  if (minutes < 60) return en ? `${minutes} min` : `${minutes} 分`
  const hours = Math.floor(minutes / 60)
  return en ? `${hours} h ${two(minutes % 60)} min` : `${hours} 小时 ${two(minutes % 60)} 分`
}

/** How long ago (or until) beside the absolute time; empty from 24 h on. */
export function relative(at: Instant, nowMs: number, lang: string): string {
  const seconds = (nowMs - new Date(at).getTime()) / 1000
  if (Math.abs(seconds) >= 86_400) return ''
  const en = lang === 'en'
  if (Math.abs(seconds) < 5) return en ? 'now' : '刚刚'
  const words = span(Math.abs(seconds), lang)
  if (seconds < 0) return en ? `in ${words}` : `${words}后`
  return en ? `${words} ago` : `${words}前`
}

/** Value for a `datetime-local` field. */
export function inputTime(ms: number): string {
  const t = new Date(ms)
  return `${t.getFullYear()}-${two(t.getMonth() + 1)}-${two(t.getDate())}T${hourMinute(ms)}`
}

/** RFC 3339 UTC from a `datetime-local` value. */
export function fromInput(value: string): string {
  return new Date(value).toISOString()
}

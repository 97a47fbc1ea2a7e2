/** `03:07` for a minute, made once per minute shown: sixty-four strips ask for the same few. */

const KEPT = 512
const MINUTE_MS = 60_000
const made = new Map<number, string>()

const two = (n: number): string => String(n).padStart(2, '0')

export function minuteLabel(ms: number): string {
  const minute = Math.floor(ms / MINUTE_MS)
  const known = made.get(minute)
  if (known !== undefined) return known
  if (made.size >= KEPT) made.clear()
  const at = new Date(minute * MINUTE_MS)
  const text = `${two(at.getHours())}:${two(at.getMinutes())}`
  made.set(minute, text)
  return text
}

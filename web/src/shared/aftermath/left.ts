/** How a limit of days stands: what is left of it, or how long it is over; days from 48 hours on. */
export interface Left {
  late: boolean
  words: string
}

export function left(at: string, nowMs: number, lang: string): Left {
  const ms = Date.parse(at) - nowMs
  const minutes = Math.floor(Math.abs(ms) / 60_000)
  const [days, hours] = [Math.floor(minutes / 1440), Math.floor(minutes / 60)]
  const en = lang === 'en'
  let words: string
  if (days >= 2) words = en ? `${days} d ${hours % 24} h` : `${days} 天 ${hours % 24} 小时`
  else if (hours >= 1) words = en ? `${hours} h ${minutes % 60} min` : `${hours} 小时 ${minutes % 60} 分`
  else words = en ? `${minutes} min` : `${minutes} 分`
  return { late: ms <= 0, words }
}

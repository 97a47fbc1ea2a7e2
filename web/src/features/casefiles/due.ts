/** How a limit stands: days are what a follow-up is counted in, hours what a report is. */
export interface Due {
  late: boolean
  days: number
  hours: number
}

export function due(at: string, nowMs: number): Due {
  const ms = Date.parse(at) - nowMs
  const size = Math.abs(ms)
  return { late: ms <= 0, days: Math.floor(size / 86_400_000), hours: Math.floor(size / 3_600_000) }
}

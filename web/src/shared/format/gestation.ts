/** Gestation as obstetrics writes it: completed weeks with the days raised, 38⁺²周. */

const RAISED = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶']

/** `days` completed days of gestation; null when it is not known. */
export function gestation(days: number | null | undefined, lang: string): string {
  if (days === null || days === undefined || days < 0) return lang === 'en' ? 'GA unknown' : '孕周不详'
  const weeks = Math.floor(days / 7)
  const text = `${weeks}⁺${RAISED[days % 7] ?? ''}`
  return lang === 'en' ? `${text} wk` : `孕${text}周`
}

/** Completed days from a form's weeks and days, or null when incomplete or impossible. */
export function gestationDays(weeks: number | null, days: number | null): number | null {
  if (weeks === null || weeks < 0 || weeks > 45) return null
  const rest = days ?? 0
  if (rest < 0 || rest > 6) return null
  return weeks * 7 + rest
}

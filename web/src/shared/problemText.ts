/** Words of a problem for a reader: the server's own where it has them, ours where it could not speak. */
import type { Lang, Problem } from '@/api/problem'

const KNOWN_STATUS = new Set([401, 403, 404, 413, 429, 500, 502, 503, 504])

export function wordProblem(
  problem: Problem,
  lang: Lang,
  t: (key: string) => string,
): { title: string; detail: string } {
  const words = problem.wording(lang)
  if (words !== null) return words
  const key = problem.local ?? (KNOWN_STATUS.has(problem.status) ? `status_${problem.status}` : 'unknown')
  return { title: t(`problem.${key}.title`), detail: t(`problem.${key}.detail`) }
}

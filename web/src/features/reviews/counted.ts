/** What reviews found, as lines: the table of the page, the same as a file. */
import { type Count, type Rules, type Statistics, nameOf, said } from './types'

/** A count as it is told: small ones of others are hidden, and what would give them away. */
export function told(one: Count | undefined, hiddenBelow: number): string {
  if (one === undefined) return '0'
  if (one.n !== null) return String(one.n)
  return one.hidden === 'follows' ? '*' : `<${hiddenBelow}`
}

/** What is counted, in words; `stateOf` names the state of a measure. */
export function wordOf(one: Count, rules: Rules | null, lang: string, stateOf: (code: string) => string): string {
  if (one.dimension === 'measure') return stateOf(one.code)
  if (one.dimension === 'cell') return cellOf(one.code, rules, lang)
  const terms = { total: rules?.levels, conclusion: rules?.conclusions, cause: rules?.causes, delay: rules?.delays }
  return nameOf(terms[one.dimension], one.code, lang)
}

function cellOf(code: string, rules: Rules | null, lang: string): string {
  const [link = '', aspect = ''] = code.split('.')
  return `${nameOf(rules?.links, link, lang)} / ${nameOf(rules?.aspects, aspect, lang)}`
}

/** Every count as a line: kind of review, dimension, what, how many. */
export function linesOf(
  statistics: Statistics, rules: Rules, lang: string, words: { dimension: (one: Count['dimension']) => string; state: (code: string) => string },
): string[][] {
  const kinds = new Map(rules.kinds.map((one) => [one.code, said(one, lang)]))
  return statistics.counts.map((one) => [
    kinds.get(one.kind) ?? one.kind, words.dimension(one.dimension), wordOf(one, rules, lang, words.state), told(one, statistics.hidden_below),
  ])
}

/** Comma-separated values with the mark by which Excel knows UTF-8; no cell is a formula. */
export function csv(lines: readonly (readonly string[])[]): string {
  const cell = (text: string): string => `"${(/^[=+\-@\t]/u.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`
  return `\ufeff${lines.map((line) => line.map(cell).join(',')).join('\r\n')}\r\n`
}

/** Where a rule comes from, as the reader's language can say it. */
import type { Lang } from '@/api/problem'

const SHIPPED = /^Platform default[:：]?\s*/
const CHINESE = /[\u4e00-\u9fff]/
/** Times alone are read in either language. */
const TIMES = /^[\d/ ]+min$/

/** What ships with the platform is named in the reader's language, with what follows where that is
 * readable too; what a house wrote stays as it was written. `label`: "platform default". */
export function sourceText(source: string, lang: Lang, label: string): string {
  if (!SHIPPED.test(source)) return source
  const rest = source.replace(SHIPPED, '')
  const readable = TIMES.test(rest) || (lang === 'en') !== CHINESE.test(rest)
  return readable && rest !== '' ? `${label}${lang === 'en' ? ': ' : '：'}${rest}` : label
}

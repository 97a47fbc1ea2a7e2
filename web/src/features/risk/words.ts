/** Words of tables and facts in the reader's language. */
import type { Fact } from './types'

interface Both {
  zh: string
  en: string
}

export function say(words: Both, lang: string): string {
  return lang === 'en' ? words.en : words.zh
}

/** `血红蛋白 55 g/L`, `剖宫产史：是`. */
export function sayFact(fact: Fact, lang: string, t: (key: string) => string): string {
  const name = say(fact, lang)
  if (typeof fact.value === 'number') {
    return `${name} ${fact.value} ${lang === 'en' ? fact.unit_en : fact.unit}`.trim()
  }
  const answer = fact.value === 'not_done' ? t('grading.not_done') : t(fact.value === true ? 'grading.yes' : 'grading.no')
  return lang === 'en' ? `${name}: ${answer}` : `${name}：${answer}`
}

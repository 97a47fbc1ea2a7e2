/** Reviews of deaths and near-misses: short names of the schema, and words of the rules. */
import type { components } from '@/api/schema'
import type { StreamMessage } from '@/stream/socket'

type Schemas = components['schemas']

export type Review = Schemas['ReviewOut']
export type Detail = Schemas['ReviewDetail']
export type Rules = Schemas['ReviewRules']
export type Pack = Schemas['Pack']
export type Measure = Schemas['MeasureOut']
export type Candidate = Schemas['Candidate']
export type Openable = Schemas['OpenableOut']
export type Statistics = Schemas['ReviewStatistics']
export type Count = Schemas['CountOut']

interface Named {
  code: string
  zh: string
  en: string
}

export function aboutReviews(message: StreamMessage): boolean {
  return message.type === 'case' || (message.type === 'item' && String(message.data['code'] ?? '').startsWith('case_review.'))
}

/** In the language of the page. */
export function said(words: { zh: string; en: string }, lang: string): string {
  return lang === 'zh-CN' ? words.zh : words.en
}

/** The word for a code of the rules; the code itself where a later version dropped it. */
export function nameOf(terms: readonly Named[] | undefined, code: string | null, lang: string): string {
  const term = terms?.find((one) => one.code === code)
  return term ? said(term, lang) : (code ?? '')
}

/** 134.5 → +2:14, -3 → −0:03: hours and minutes from the request. */
export function fromRequest(minute: number): string {
  const whole = Math.round(Math.abs(minute))
  return `${minute < 0 ? '−' : '+'}${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`
}

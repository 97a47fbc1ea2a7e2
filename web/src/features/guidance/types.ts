/** Guidance sessions: short names of the schema, and which news concern them. */
import type { components } from '@/api/schema'
import type { StreamMessage } from '@/stream/socket'

type Schemas = components['schemas']

export type Session = Schemas['GuidanceOut']
export type Detail = Schemas['GuidanceDetail']
export type Rules = Schemas['GuidanceRules']
export type House = Schemas['FacilityOut']

export function aboutGuidance(message: StreamMessage): boolean {
  return message.type === 'case' || (message.type === 'item' && String(message.data['code'] ?? '').startsWith('guidance.'))
}

/** The name of a kind in the language of the page. */
export function kindName(rules: Rules | null, code: string, lang: string): string {
  const kind = rules?.kinds.find((one) => one.code === code)
  return kind ? (lang === 'zh-CN' ? kind.zh : kind.en) : code
}

/** 325 → 5:25, for a time that people watch running. */
export function minutesSeconds(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}

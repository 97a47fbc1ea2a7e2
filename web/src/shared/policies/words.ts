/** Codes of a ladder in the reader's language. */
import { useConditionName } from '@/shared/catalogues'
import { useLang } from '@/shared/i18n'

import type { PolicyStep } from './types'

const ANY = '*'

export interface PolicyWords {
  specialty: (code: string) => string
  tier: (code: string) => string
  event: (code: string) => string
  level: (code: string) => string
  colour: (code: string) => string
  condition: (code: string) => string
  /** 一线、二线 · 产科 */
  who: (step: Pick<PolicyStep, 'tiers' | 'specialties'>) => string
  /** 90 秒, 2 分 30 秒 */
  seconds: (s: number) => string
}

export function usePolicyWords(): PolicyWords {
  const { t, word } = useLang()
  const conditionName = useConditionName()
  const orAny = (code: string, any: string, say: (code: string) => string): string => (code === ANY ? t(any) : say(code))
  const tier = (code: string): string => word(`policies.tier.${code}`, code)
  const specialty = (code: string): string => orAny(code, 'policies.any.specialty', (c) => word(`policies.specialty.${c}`, c))
  return {
    tier,
    specialty,
    event: (code) => orAny(code, 'policies.any.event', (c) => word(`alerts.event.${c}`, c)),
    level: (code) => orAny(code, 'policies.any.level', (c) => word(`acuity.${c}`, c)),
    colour: (code) => orAny(code, 'policies.any.colour', (c) => word(`risk.name.${c}`, c)),
    condition: (code) => orAny(code, 'policies.any.condition', conditionName),
    who: (step) => {
      const tiers = step.tiers.map(tier).join(t('policies.and'))
      // 总值班 belongs to no specialty: the tier says it all.
      if (step.tiers.every((one) => one === 'general_duty')) return tiers
      return `${tiers} · ${step.specialties.map(specialty).join(t('policies.and'))}`
    },
    seconds: (s) => {
      if (s === 0) return t('policies.at_once')
      const minutes = Math.floor(s / 60)
      const rest = s % 60
      if (minutes === 0) return t('policies.s', { s: rest })
      return rest === 0 ? t('policies.min', { m: minutes }) : t('policies.min_s', { m: minutes, s: rest })
    },
  }
}

/** Why for and why against a house, as sentences: the server gives codes and values. */
import type { ChoiceReason } from '@/api/resources'

import { hourMinute, span } from '../format/time'
import { useLang } from '../i18n'
import { useKindName } from '../resourceKinds'

/** ✔ speaks for her going there, ✕ against, ? nobody knows, → merely is so: never by colour alone. */
export type Leaning = 'for' | 'against' | 'unknown' | 'neutral'

const UNKNOWN = /^(places_(stale|never)|capability_unknown|distance_unknown)$/

export function leaning(reason: ChoiceReason): Leaning {
  if (reason.code === 'distance') return 'neutral'
  if (reason.favourable) return 'for'
  return UNKNOWN.test(reason.code) ? 'unknown' : 'against'
}

export const MARK: Record<Leaning, string> = { for: '✔', against: '✕', unknown: '?', neutral: '→' }

export function useReason(): (reason: ChoiceReason) => string {
  const { t, lang } = useLang()
  const kindName = useKindName()
  return (reason) =>
    t(`choosing.reason.${reason.code}`, {
      kind: reason.kind ? kindName(reason.kind) : '',
      list: (reason.capabilities ?? []).map(kindName).join(t('choosing.comma')),
      tier: reason.tier ? t(`choosing.tier.${reason.tier}`) : '',
      needed: reason.needed ?? 1,
      open: Math.max(0, (reason.free ?? 0) - (reason.held ?? 0)),
      held: reason.held ? t('choosing.held', { n: reason.held }) : '',
      age: reason.age_minutes == null ? '' : span(reason.age_minutes * 60, lang.value),
      km: reason.km ?? 0,
      minutes: reason.minutes ?? 0,
      n: reason.n ?? 0,
      said: reason.said ?? '',
      until: reason.until ? hourMinute(reason.until) : '',
    })
}

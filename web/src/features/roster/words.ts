/** What places, days and weekdays are called, in the reader's language. */
import { useLang } from '@/shared/i18n'

import { monthDay, weekday } from './days'
import type { Day, RosterSlot } from './types'

export interface Words {
  slot(slot: RosterSlot): string
  weekday(date: string): string
  day(date: string): string
  /** `休 春节`, `班`, or nothing on a plain day. */
  mark(day: Day | undefined): { text: string; kind: string } | null
}

export function useWords(): Words {
  const { t, word } = useLang()
  return {
    slot: (slot) => `${t(`duty.tier.${slot.tier}`)} ${word(`duty.specialty.${slot.specialty}`, slot.specialty)}`,
    weekday: (date) => t(`roster.weekday.${weekday(date)}`),
    day: (date) => `${monthDay(date)} ${t(`roster.weekday.${weekday(date)}`)}`,
    mark(day) {
      if (day === undefined) return null
      if (day.kind === 'holiday') return { text: [t('roster.day.holiday'), day.name].filter(Boolean).join(' '), kind: 'holiday' }
      if (day.kind === 'adjusted_workday') return { text: t('roster.day.adjusted_workday'), kind: 'adjusted' }
      return null
    },
  }
}

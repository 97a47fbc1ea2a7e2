/** How much blood, in words: six bags of 100 mL are not six hundred of anything. */
import { useLang } from '@/shared/i18n'

export interface Amounts {
  unit(unit: string): string
  amount(n: number, unit: string): string
}

export function useAmounts(): Amounts {
  const { t } = useLang()
  const named = (unit: string): string => (unit === 'dose' ? t('blood.dose') : unit)
  return { unit: named, amount: (n, unit) => `${n}${/^\d/.test(unit) ? ' × ' : ' '}${named(unit)}` }
}

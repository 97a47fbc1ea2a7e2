/** Vital signs in one line, in the order in which they are read aloud. */
import type { Vitals } from '@/api/case'

type T = (key: string) => string

export interface VitalItem {
  label: string
  value: string
}

export function vitalItems(vitals: Vitals, t: T): VitalItem[] {
  const items: VitalItem[] = []
  const add = (name: string, value: unknown, unit: string): void => {
    if (value !== null && value !== undefined) items.push({ label: t(`case.vital.${name}`), value: `${String(value)}${unit}` })
  }
  if (vitals.sbp != null || vitals.dbp != null) {
    items.push({ label: t('case.vital.bp'), value: `${vitals.sbp ?? '–'}/${vitals.dbp ?? '–'} mmHg` })
  }
  add('hr', vitals.hr, '/min')
  add('spo2', vitals.spo2, '%')
  add('rr', vitals.rr, '/min')
  add('temp_c', vitals.temp_c, '°C')
  add('blood_loss_ml', vitals.blood_loss_ml, ' ml')
  add('fhr_bpm', vitals.fhr_bpm, ' bpm')
  if (vitals.consciousness != null) {
    items.push({ label: t('case.vital.consciousness'), value: t(`case.consciousness.${vitals.consciousness}`) })
  }
  return items
}

export function vitalsText(vitals: Vitals, t: T): string {
  return vitalItems(vitals, t)
    .map(({ label, value }) => `${label} ${value}`)
    .join('  ')
}

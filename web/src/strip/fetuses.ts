/** Which fetus each heart-rate channel hears: its letter stands at every number, trace and alarm. */
import type { StripRing } from './ring'
import type { StripStatus } from './status'

export interface Fetus {
  channel: string
  label: string
}

/** By channel: fhr1, fhr2, fhr3. */
export type Labels = readonly [string, string, string]

/** Until somebody says otherwise. */
export const LABELS: Labels = ['A', 'B', 'C']

export function labelsOf(fetuses: readonly Fetus[]): Labels {
  const label = (at: 0 | 1 | 2): string => fetuses.find((one) => one.channel === `fhr${at + 1}`)?.label ?? LABELS[at]
  return [label(0), label(1), label(2)]
}

export interface HeardFetus {
  /** 1–3. */
  channel: number
  label: string
  bpm: number | null
}

/** The first, and of the others those that were heard in what is here. */
export function heardFetuses(ring: StripRing, status: StripStatus, labels: Labels): HeardFetus[] {
  const found = [{ channel: 1, label: labels[0], bpm: status.fhr1Bpm }]
  if (ring.hasTwin) found.push({ channel: 2, label: labels[1], bpm: status.fhr2Bpm })
  if (ring.hasTriplet) found.push({ channel: 3, label: labels[2], bpm: status.fhr3Bpm })
  return found
}

/** Hands on scans: those who look at the same frame see each other's, the others are shown the way to it. */
import { provideTogether, spotOf, surfaceOf } from '@/shared/scans/together'

import PointerMarks from './components/PointerMarks.vue'
import type { Admission } from './types'
import type { Pointing } from './usePointing'

export function provideScansTogether(pointing: Pointing, people: () => readonly Admission[]): void {
  const nameOf = (participant: string): string => people().find((one) => one.id === participant)?.person?.name ?? ''
  provideTogether({
    point: (spot, x, y) => pointing.point({ on: surfaceOf(spot), x, y }),
    away: () => pointing.away(),
    others: () =>
      pointing.pointers.value.flatMap(({ on, participant }) => {
        const spot = spotOf(on)
        return spot ? [{ ...spot, name: nameOf(participant) }] : []
      }),
    hands: PointerMarks,
  })
}

/** Which seconds go on which sheet: the last twenty minutes on A4 across, oldest first. Pure. */
import type { CmPerMin } from '@/strip/paper'

export interface PrintPage {
  /** Seconds of the recording at the edges of the paper. */
  left: number
  right: number
  /** Centimetres of paper. */
  cm: number
}

/** A4 landscape less its margins. */
export const PAGE_CM = 27
const MINUTES = 20

export function printPages(firstSeq: number, lastSeq: number, cmPerMin: CmPerMin, minutes = MINUTES): PrintPage[] {
  if (lastSeq === 0) return []
  const perPage = Math.floor(PAGE_CM / cmPerMin) * 60
  const from = Math.max(firstSeq, lastSeq + 1 - minutes * 60)
  const pages: PrintPage[] = []
  for (let left = from; left <= lastSeq; left += perPage) {
    pages.push({ left, right: left + perPage, cm: (perPage / 60) * cmPerMin })
  }
  return pages
}

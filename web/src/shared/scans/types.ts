/** Shapes of scans; see `ScanStudy` on the server. */
import type { components } from '@/api/schema'

export type ScanStudy = components['schemas']['ScanStudy']
export type ScanSeries = components['schemas']['ScanSeries']
export type ScanInstance = components['schemas']['ScanInstance']
export type Arrival = components['schemas']['Arrival']
export type TakenScan = components['schemas']['TakenScan']
export type TakenArchive = components['schemas']['TakenArchive']

/** One file with the series and study that it stands in. */
export interface Shown {
  instance: ScanInstance
  series: ScanSeries
  study: ScanStudy
}

/** Every file of a study that has a picture, in the order of its series. */
export function pictures(study: ScanStudy): Shown[] {
  return study.series.flatMap((series) => series.instances.filter((one) => one.why_not === null && one.frames > 0).map((instance) => ({ instance, series, study })))
}

/** 2026-11-26 10:15 of 20261126101500; what the file does not say stays away. */
export function studyTime(said: string): string {
  const [, year, month, day, hour, minute] = /^(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d))?/.exec(said) ?? []
  if (year === undefined) return ''
  return `${year}-${month}-${day}${hour === undefined ? '' : ` ${hour}:${minute}`}`
}

/** The form of a reading: pure parts. */
import type { Addendum, Cited, Findings, Report } from './types'

export const VARIABILITY = ['absent', 'minimal', 'moderate', 'marked', 'undetermined'] as const
export const ACCELERATIONS = ['present', 'absent', 'undetermined'] as const
export const DECELERATIONS = ['early', 'late', 'variable', 'prolonged'] as const
export const STANDARDS = ['cn2015_nst', 'cn2015_labour', 'none'] as const

/** Classes of each standard; none where nothing is classified. */
export const CATEGORIES: Record<Findings['standard'], readonly NonNullable<Findings['category']>[]> = {
  cn2015_nst: ['normal', 'atypical', 'abnormal', 'pending', 'unsatisfactory'],
  cn2015_labour: ['I', 'II', 'III', 'unsatisfactory'],
  none: [],
}

/** What is typed; numbers may be empty, and nothing is chosen for the reader. */
export interface ReportForm {
  baseline: string
  variability: Findings['variability'] | ''
  accelerations: Findings['accelerations'] | ''
  decelerations: Findings['decelerations']
  sinusoidal: boolean
  contractions: string
  standard: Findings['standard']
  category: NonNullable<Findings['category']> | ''
  conclusion: string
  recommendation: string
  followUp: string
  cited: Cited[]
}

export function blankReport(): ReportForm {
  return {
    baseline: '', variability: '', accelerations: '', decelerations: [], sinusoidal: false, contractions: '',
    standard: 'cn2015_nst', category: '', conclusion: '', recommendation: '', followUp: '', cited: [],
  }
}

/** The first thing that is missing, as a key of `readings.missing`; empty when it can be signed. */
export function missing(form: ReportForm): string {
  if (form.variability === '') return 'variability'
  if (form.accelerations === '') return 'accelerations'
  if (CATEGORIES[form.standard].length > 0 && form.category === '') return 'category'
  if (form.conclusion.trim() === '') return 'conclusion'
  if (form.recommendation.trim() === '') return 'recommendation'
  return form.cited.length === 0 ? 'cited' : ''
}

/** The report as it is sent; call it only when nothing is missing. `toUtc` turns a field's local time. */
export function reportOf(form: ReportForm, toUtc: (local: string) => string): Report {
  return {
    findings: {
      baseline_bpm: form.baseline === '' ? null : Number(form.baseline),
      variability: form.variability as Findings['variability'],
      accelerations: form.accelerations as Findings['accelerations'],
      decelerations: form.decelerations,
      sinusoidal: form.sinusoidal,
      contractions_per_10min: form.contractions === '' ? null : Number(form.contractions),
      standard: form.standard,
      category: form.category === '' ? null : form.category,
    },
    conclusion: form.conclusion.trim(),
    recommendation: form.recommendation.trim(),
    cited: form.cited,
    follow_up_at: form.followUp === '' ? null : toUtc(form.followUp),
  }
}

export interface AddendumForm {
  text: string
  recommendation: string
  followUp: string
  cited: Cited[]
}

export const blankAddendum = (): AddendumForm => ({ text: '', recommendation: '', followUp: '', cited: [] })

export function addendumOf(form: AddendumForm, toUtc: (local: string) => string): Addendum {
  return {
    text: form.text.trim(),
    cited: form.cited,
    recommendation: form.recommendation.trim() === '' ? null : form.recommendation.trim(),
    follow_up_at: form.followUp === '' ? null : toUtc(form.followUp),
  }
}

/** A second of the tracing as the clock on the wall, given the time of one known second. */
export function clockOf(seq: number, known: { seq: number; ms: number }): string {
  const at = new Date(known.ms + (seq - known.seq) * 1000)
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map((n) => String(n).padStart(2, '0')).join(':')
}

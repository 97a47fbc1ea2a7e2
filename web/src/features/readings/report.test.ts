import { describe, expect, it } from 'vitest'

import { CATEGORIES, STANDARDS, addendumOf, blankAddendum, blankReport, clockOf, missing, reportOf } from './report'

const whole = () => ({
  ...blankReport(), baseline: '140', variability: 'moderate' as const, accelerations: 'present' as const, category: 'normal' as const,
  conclusion: ' 反应型 ', recommendation: '复查', cited: [{ from_seq: 1, to_seq: 60, note: '' }],
})

describe('the form of a reading', () => {
  it('asks for what is missing, one after the other, and chooses nothing by itself', () => {
    const order = ['variability', 'accelerations', 'category', 'conclusion', 'recommendation', 'cited']
    const form = blankReport()
    const filled = whole()
    for (const name of order) {
      expect(missing(form)).toBe(name)
      Object.assign(form, { [name]: filled[name as keyof typeof filled] })
    }
    expect(missing(form)).toBe('')
  })

  it('needs no class where nothing is classified', () => {
    expect(missing({ ...whole(), standard: 'none', category: '' })).toBe('')
    expect(STANDARDS.every((one) => one in CATEGORIES)).toBe(true)
  })

  it('sends a baseline that cannot be determined as none', () => {
    const sent = reportOf({ ...whole(), baseline: '', followUp: '2026-11-26T12:00' }, (local) => `${local}:00Z`)
    expect(sent.findings.baseline_bpm).toBeNull()
    expect(sent.conclusion).toBe('反应型')
    expect(sent.follow_up_at).toBe('2026-11-26T12:00:00Z')
    expect(reportOf(whole(), String).follow_up_at).toBeNull()
  })

  it('adds words without repeating what was signed', () => {
    expect(addendumOf({ ...blankAddendum(), text: ' 补充 ' }, String)).toEqual({ text: '补充', cited: [], recommendation: null, follow_up_at: null })
  })

  it('tells a second by the clock', () => {
    const known = { seq: 10, ms: new Date(2026, 10, 26, 3, 7, 41).getTime() }
    expect(clockOf(10, known)).toBe('03:07:41')
    expect(clockOf(70, known)).toBe('03:08:41')
  })
})

import { describe, expect, it } from 'vitest'

import type { Condition } from '@/api/board'

import { type Form, blankForm, DRAFT_MS, firstVitals, isExpired, isTouched, lacks, lastKnown, patientBody, referralBody, stepOf, withCondition } from './form'

const found = { patient_id: 'p', pregnancy_id: 'g', name: '林小满', age: 27, gestation_days: 274 }

function complete(over: Partial<Form> = {}): Form {
  return { ...blankForm(0), found, condition: 'pph', acuity: 'resuscitation', reason: '血源不足', consent: 'emergency_waiver', ...over }
}

describe('what is lacking', () => {
  it('is everything on an empty form, in the order of the steps', () => {
    const missing = lacks(blankForm(0))
    expect(missing).toEqual(['who', 'condition', 'acuity', 'reason', 'consent'])
    expect(missing.map(stepOf)).toEqual([1, 2, 2, 2, 3])
  })

  it('is nothing when the minimum is there; vital signs are not part of it', () => {
    expect(lacks(complete())).toEqual([])
  })

  it('a woman found without a current pregnancy cannot be sent', () => {
    expect(lacks(complete({ found: { ...found, pregnancy_id: null } }))).toEqual(['who'])
  })

  it('a new woman needs a name only', () => {
    const woman = blankForm(0).woman
    expect(lacks(complete({ mode: 'new', woman }))).toEqual(['name'])
    expect(lacks(complete({ mode: 'new', woman: { ...woman, name: '无名氏' } }))).toEqual([])
  })

  it.each([
    [39, 1, true],
    [39, '', true],
    ['', '', true],
    ['', 3, false],
    [39, 7, false],
    [46, 0, false],
  ] as const)('gestation %s + %s fits: %s', (weeks, days, fits) => {
    const woman = { ...blankForm(0).woman, name: '林小满', weeks, days }
    expect(lacks(complete({ mode: 'new', woman })).includes('gestation')).toBe(!fits)
  })

  it.each([
    [{ sbp: 82, dbp: 46 }, true],
    [{ sbp: 82 }, true],
    [{ dbp: 46 }, false],
    [{ sbp: 46, dbp: 82 }, false],
  ] as const)('blood pressure %o fits: %s', (vitals, fits) => {
    expect(lacks(complete({ vitals })).includes('vitals')).toBe(!fits)
  })
})

describe('a draft', () => {
  it('is touched by typing, not by opening', () => {
    expect(isTouched({ ...blankForm(5), mode: 'new', keys: { referral: 'k' } })).toBe(false)
    expect(isTouched({ ...blankForm(5), reason: '出血' })).toBe(true)
    expect(isTouched({ ...blankForm(5), vitals: { sbp: 80 } })).toBe(true)
  })

  it('is dropped after a day', () => {
    expect(isExpired(blankForm(0), DRAFT_MS)).toBe(false)
    expect(isExpired(blankForm(0), DRAFT_MS + 1)).toBe(true)
  })
})

describe('choosing a condition', () => {
  const condition: Condition = {
    code: 'newborn_asphyxia',
    zh: '新生儿窒息',
    en: 'Newborn asphyxia',
    icon: 'breath',
    subject: 'newborn',
    needs_neonatal: true,
    acuity: 'resuscitation',
    source: '',
    confidence: 'I',
  }

  it('proposes subject, acuity and the neonatal question and keeps what was typed', () => {
    const form = withCondition(complete({ acuity: 'stable' }), condition)
    expect(form).toMatchObject({ condition: 'newborn_asphyxia', subject: 'newborn', acuity: 'resuscitation', needsNeonatal: true, reason: '血源不足' })
  })

  it.each([
    ['pph', 'mother', 'blood_loss_ml'],
    ['severe_preeclampsia', 'mother', 'spo2'],
    ['sepsis', 'mother', 'temp_c'],
    ['cord_prolapse', 'mother', 'fhr_bpm'],
    ['newborn_sepsis', 'newborn', 'spo2'],
  ] as const)('%s of a %s asks for %s first', (code, subject, vital) => {
    expect(firstVitals(code, subject)).toContain(vital)
  })
})

describe('what is sent', () => {
  const woman = { ...blankForm(0).woman, name: ' 林小满 ', age: 27 as const, weeks: 39 as const, days: 1 as const, gravida: 2 as const }

  it('dates the pregnancy by weeks as of today', () => {
    expect(patientBody(woman, '2026-11-22')).toEqual({
      name: '林小满',
      age: 27,
      pregnancy: { gestation_days_at: { days: 274, at: '2026-11-22' }, gravida: 2, plurality: 1 },
    })
  })

  it('dates it by the last period when that is what is known', () => {
    const body = patientBody({ ...woman, datedBy: 'lmp', date: '2026-02-20' }, '2026-11-22')
    expect(body['pregnancy']).toEqual({ lmp: '2026-02-20', gravida: 2, plurality: 1 })
  })

  it('leaves out what nobody knows', () => {
    const body = patientBody({ ...blankForm(0).woman, name: '无名氏', plurality: '' }, '2026-11-22')
    expect(body).toEqual({ name: '无名氏', pregnancy: { plurality: 1 } })
  })

  it('prefers a birth date to an age', () => {
    const body = patientBody({ ...woman, birthDate: '1999-01-31' }, '2026-11-22')
    expect(body).toMatchObject({ birth_date: '1999-01-31' })
    expect(body).not.toHaveProperty('age')
  })

  it('sends no empty vital sign and no empty list of vital signs', () => {
    expect(referralBody(complete({ vitals: { sbp: 82, dbp: 46, hr: '' } }), 'g')).toMatchObject({ vitals: { sbp: 82, dbp: 46 } })
    expect(referralBody(complete({ vitals: { hr: '' } }), 'g')).not.toHaveProperty('vitals')
  })

  it('carries exactly the fields of the command', () => {
    expect(referralBody(complete(), 'g')).toEqual({
      pregnancy_id: 'g',
      subject: 'mother',
      condition: 'pph',
      acuity: 'resuscitation',
      purple: false,
      reason: '血源不足',
      consent: 'emergency_waiver',
      needs_neonatal: false,
      destinations: [],
      drill: false,
      send: true,
    })
  })
})

describe('a critical case', () => {
  it('needs no reason yet; an urgent one does', () => {
    expect(lacks(complete({ reason: '', acuity: 'critical' }))).toEqual([])
    expect(lacks(complete({ reason: '', acuity: 'urgent' }))).toEqual(['reason'])
  })
})

describe('vital signs from before', () => {
  const latest = [
    { code: 'sbp_mmhg', number: 142, taken_at: '2026-11-22T03:00:00Z' },
    { code: 'hr_per_min', number: 88, taken_at: '2026-11-22T02:50:00Z' },
    { code: 'hb_g_per_l', number: 98, taken_at: '2026-11-20T02:50:00Z' },
    { code: 'spo2_percent', number: 90, taken_at: '2026-11-22T02:50:00Z', newborn_id: 'n1' },
  ]
  const known = lastKnown(latest)

  it('stand under the time of the oldest among them, hers alone', () => {
    expect(known).toEqual({ at: '2026-11-22T02:50:00Z', values: { sbp: 142, hr: 88 } })
    expect(lastKnown([])).toBeNull()
  })

  it('are sent with their time when taken over as they are', () => {
    const form = complete({ vitals: { sbp: 142, hr: 88 }, adopted: known })
    expect(referralBody(form, 'g')['vitals']).toEqual({ sbp: 142, hr: 88, taken_at: '2026-11-22T02:50:00Z' })
  })

  it('never pass for new beside what was measured now', () => {
    const form = complete({ vitals: { sbp: 84, hr: 88 }, adopted: known })
    expect(referralBody(form, 'g')['vitals']).toEqual({ sbp: 84 })
  })
})

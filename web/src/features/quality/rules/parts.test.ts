import { describe, expect, it } from 'vitest'

import { contentOf, draftOf, emptyLine, partsOf } from './parts'

const SAID = { source: '省方案', confidence: 'V' }
const ROUND = {
  version: '1', deadline: [{ code: 'self_check', month: 1, day: 31, name: { zh: '自查', en: 'self-check' }, ...SAID }], aspect: [{ code: 'system', name: { zh: '体系', en: '' }, ...SAID }],
  reminders: { days: [14, 0, -7], confidence: 'I', source: 'x' }, on_site: [{ code: 'site_beds', aspect: 'centres', name: { zh: '床位', en: 'beds' }, look: { zh: '清点', en: '' }, ...SAID }],
  weight: [{ code: 'online', weight: 5, scoring: { method: 'slope', zero: 1800, full: 600 }, ...SAID }, { code: 'site_beds', weight: 2, scoring: null, ...SAID }],
}
const FORM = {
  code: 'x', version: '1', zh: '表', en: 'form', cadence: 'quarter', after_period: true, many: false, confidence: 'I', points_confidence: null, source: 's', annex: null, signatures: ['填报人'],
  section: [
    { zh: '一', en: '1', item: [{ code: 'a', zh: '甲', en: '', pulled: 'cases:sent', ask: null, required: false, points: 8, columns: [], ...SAID }] },
    { zh: '二', en: '2', item: [{ code: 'b', zh: '乙', en: '', pulled: null, ask: 'table', required: true, points: null, columns: [{ code: 'day', zh: '日期', en: 'Day' }], ...SAID }] },
  ],
}

const DEATHS = {
  version: '1', reminders: { before_hours: 24, again_hours: 24 }, steps: { hospital_review: { zh: '院内评审', en: 'in the hospital' } },
  rules: [{ code: 'a', step: 'hospital_review', who: ['mother'], amount: 20, unit: 'working_days', regions: ['*'], zh: '20 个工作日', en: '', ...SAID }],
}

describe('rules as lines', () => {
  it.each([['round', ROUND], ['form:x', FORM], ['after_death', DEATHS]])('come back as they were: %s', (kind, content) => {
    expect(contentOf(kind, draftOf(kind, content), content)).toEqual(content)
  })

  it('keep what is typed: days, methods, columns, a line more in another section', () => {
    const round = draftOf('round', ROUND)
    round.head['reminders.days'] = '10，1, -3'
    Object.assign(round.lines['weight']?.[1] ?? {}, { 'scoring.method': 'band', 'scoring.first': '1' })
    expect(contentOf('round', round, ROUND)).toMatchObject({ reminders: { days: [10, 1, -3] }, weight: [{}, { scoring: { method: 'band', low: 1, high: null } }] })
    const form = draftOf('form:x', FORM)
    const part = partsOf('form:x')[0]
    if (part) form.lines['item']?.push({ ...emptyLine(part), code: 'c', zh: '丙', section: '一', columns: '' })
    const sections = contentOf('form:x', form, FORM)['section'] as { item: { code: string; pulled: unknown }[] }[]
    expect(sections.map((one) => one.item.map((item) => [item.code, item.pulled]))).toEqual([[['a', 'cases:sent'], ['c', null]], [['b', null]]])
  })
})

import { describe, expect, it } from 'vitest'

import { i18n } from '@/shared/i18n'

import { CHECKLIST, FORMS, bodyOf, fieldsOf, missing, needOf, needsDialog } from './fields'

const accept = { machine: 'offer', action: 'accept', needs: ['bed|no_bed_accept_to'], danger: false }
const names = (action: typeof accept) => fieldsOf(action).map((field) => field.name)

describe('an action’s dialog', () => {
  it('takes either of two alternatives', () => {
    expect(missing(accept, {})).toEqual(['bed|no_bed_accept_to'])
    expect(missing(accept, { bed: '3 床' })).toEqual([])
    expect(missing(accept, { no_bed_accept_to: 'theatre' })).toEqual([])
  })

  it('tells required, either and optional fields apart', () => {
    expect(['bed', 'note'].map((name) => needOf(accept, name))).toEqual(['either', 'optional'])
    expect(needOf({ ...accept, needs: ['question'] }, 'question')).toBe('required')
  })

  it('asks for the neonatal answer only when the server does', () => {
    expect(names(accept)).not.toContain('neonatal_accepted')
    expect(names({ ...accept, needs: [...accept.needs, 'neonatal_accepted'] })).toContain('neonatal_accepted')
  })

  it('counts "no" as an answer', () => {
    const action = { ...accept, action: 'answer_neonatal', needs: ['accepted'] }
    expect(missing(action, { accepted: false })).toEqual([])
    expect(bodyOf(fieldsOf(action), { accepted: false })).toEqual({ accepted: false })
  })

  it('still asks for a need that it has no field for', () => {
    expect(names({ ...accept, needs: ['something_new'] })).toContain('something_new')
  })

  it('posts only what was entered, trimmed, times in UTC', () => {
    const depart = { machine: 'leg', action: 'depart', needs: [], danger: false }
    const local = '2026-11-22T03:07'
    expect(bodyOf(fieldsOf(depart), { eta: local, checklist: {}, stray: 1 })).toEqual({ eta: new Date(local).toISOString() })
    expect(bodyOf(fieldsOf(accept), { bed: '  3 床 ', note: '   ' })).toEqual({ bed: '3 床' })
  })

  it('says of every checklist item whether it was ticked', () => {
    const ready = { machine: 'leg', action: 'ready', needs: ['checklist'], danger: false }
    const body = bodyOf(fieldsOf(ready), { checklist: { iv_access: true, exception: '无法建立气道' } })
    expect(body['checklist']).toMatchObject({ iv_access: true, family_informed: false, exception: '无法建立气道' })
    expect(Object.keys(body['checklist'] as object)).toHaveLength(8)
  })

  it('leaves empty vitals out', () => {
    const report = { machine: 'leg', action: 'report', needs: [], danger: false }
    expect(bodyOf(fieldsOf(report), { vitals: { sbp: null, hr: '' } })).toEqual({})
    expect(bodyOf(fieldsOf(report), { vitals: { sbp: 90, hr: null } })).toEqual({ vitals: { sbp: 90 } })
  })

  it('opens for danger or fields, not for a plain press', () => {
    expect(needsDialog({ machine: 'offer', action: 'acknowledge', needs: [], danger: false })).toBe(false)
    expect(needsDialog({ machine: 'leg', action: 'arrive', needs: [], danger: false })).toBe(false)
    expect(needsDialog({ machine: 'leg', action: 'arrive', needs: [], danger: true })).toBe(true)
    expect(needsDialog(accept)).toBe(true)
  })
})

describe('words', () => {
  const missingWords = (keys: string[]) => keys.filter((key) => !i18n.global.te(key))
  const fields = Object.values(FORMS).flat()

  it('exist for every action, field and option', () => {
    expect(missingWords(Object.keys(FORMS).map((key) => `action.${key}`))).toEqual([])
    expect(missingWords(fields.map((field) => `case.field.${field.name}`))).toEqual([])
    const options = fields.flatMap((f) => (f.options ?? []).filter((o) => !'+-'.includes(o)).map((o) => `case.option.${f.name}.${o}`))
    expect(missingWords(options)).toEqual([])
  })

  it('exist for every checklist item', () => {
    expect(missingWords(CHECKLIST.map((c) => `case.checklist.${c}`))).toEqual([])
  })

  it('sends a plan for each child that has one, and no other', () => {
    const fields = fieldsOf({ machine: 'referral', action: 'back_refer', needs: ['plan', 'red_flags'] })
    const values = { plan: '复查', red_flags: '发热', newborns: { b1: ' 黄疸随访 ', b2: '' } }
    expect(bodyOf(fields, values)).toEqual({ plan: '复查', red_flags: '发热', newborns: [{ newborn_id: 'b1', plan: '黄疸随访' }] })
    expect(bodyOf(fields, { plan: '复查' })).toEqual({ plan: '复查' })
  })
})

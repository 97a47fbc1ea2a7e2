import { describe, expect, it } from 'vitest'

import { bodyOf, fieldsOf, missing } from './forms'

const CLOSE = { machine: 'file', action: 'close' } as const

describe('forms of a case file', () => {
  it('ask for what the outcome needs, and for nothing else', () => {
    const names = (outcome: string) => fieldsOf(CLOSE, { outcome }).map((field) => field.name)
    expect(names('lost')).toEqual(['outcome', 'efforts', 'reason'])
    expect(names('moved_away')).toEqual(['outcome', 'moved_to', 'reason'])
    expect(names('postpartum_42d')).toContain('delivered_place')
    expect(names('resolved')).toEqual(['outcome', 'reason'])
  })

  it('say what is still missing', () => {
    const values = { outcome: 'lost', reason: '多次联系无果' }
    expect(missing(fieldsOf(CLOSE, values), values)).toEqual(['efforts'])
  })

  it('post nothing that nobody entered', () => {
    const fields = fieldsOf({ machine: 'task', action: 'do' }, {})
    const body = bodyOf(fields, { way: 'phone', place: ' 家中 ', vitals: { sbp: 142, dbp: '' }, next_at: '', oedema: '' })
    expect(body).toEqual({ way: 'phone', place: '家中', vitals: { sbp: 142 } })
  })
})

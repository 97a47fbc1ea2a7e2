import { describe, expect, it } from 'vitest'

import { bodyOf, fieldsOf, missing } from './forms'

describe('what a unit outside the network says', () => {
  it('names a bed, or where she is taken in without one', () => {
    const fields = fieldsOf('accept', { neonatal: 'not_needed' })
    expect(missing(fields, {})).toEqual(['bed'])
    expect(missing(fields, { no_bed_accept_to: 'theatre' })).toEqual([])
  })

  it('answers for the newborn where a cot is awaited', () => {
    const fields = fieldsOf('accept_after_stabilising', { neonatal: 'awaited' })
    expect(missing(fields, { bed: '1 床', conditions: '硫酸镁' })).toEqual(['neonatal_accepted'])
    expect(bodyOf(fields, { bed: ' 1 床 ', conditions: '硫酸镁', neonatal_accepted: 'no', note: '' })).toEqual({
      bed: '1 床',
      conditions: '硫酸镁',
      neonatal_accepted: false,
    })
  })

  it('signs with condition, drugs, blood and documents', () => {
    expect(missing(fieldsOf('sign_handover', { neonatal: '' }), { condition: '稳' })).toEqual(['drugs', 'blood', 'documents'])
    expect(fieldsOf('arrive', { neonatal: '' })).toEqual([])
  })
})

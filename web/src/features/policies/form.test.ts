import { describe, expect, it } from 'vitest'

import { MAX_STEPS, body, chosenBy, copied, mayWithdraw, standing, withStep, withoutStep } from './form'
import { aPolicy } from './fixtures'

const words = { condition: (c: string) => `c:${c}`, colour: (c: string) => `k:${c}`, level: (c: string) => `l:${c}` }

describe('the form of a ladder', () => {
  it('says what a version is chosen by, and nothing of what is any', () => {
    expect(chosenBy(aPolicy(), words as never)).toEqual(['l:critical'])
    expect(chosenBy(aPolicy({ colour: 'red', condition: 'pph' }), words as never)).toEqual(['c:pph', 'k:red', 'l:critical'])
  })

  it('copies a version without its source, and without touching it', () => {
    const policy = aPolicy()
    const form = copied(policy)
    form.steps[0]?.tiers.push('lead')
    expect(policy.steps[0]?.tiers).toEqual(['first', 'second'])
    expect([form.source, form.confidence]).toEqual(['', '待核实'])
  })

  it('knows which versions of a history still stand', () => {
    const taken = [aPolicy({ id: 'w', withdraws_id: 'b' }), aPolicy({ id: 'b' }), aPolicy({ id: 'a' })]
    expect(standing(taken).map((one) => one.id)).toEqual(['a'])
  })

  it('lets a reader withdraw what is theirs, never the platform’s', () => {
    const book = { facility: { id: 'f1', short_name: '甲' }, may_write: true, regions: [{ id: 'r1', name: '云江市' }], policies: [] }
    expect(mayWithdraw(book, aPolicy({ owner: 'facility', owner_id: 'f1' }))).toBe(true)
    expect(mayWithdraw({ ...book, may_write: false }, aPolicy({ owner: 'facility', owner_id: 'f1' }))).toBe(false)
    expect(mayWithdraw(book, aPolicy({ owner: 'region', owner_id: 'r1' }))).toBe(true)
    expect(mayWithdraw(book, aPolicy({ owner: 'region', owner_id: 'r2' }))).toBe(false)
    expect(mayWithdraw(book, aPolicy())).toBe(false)
  })

  it('adds a step like the last, two minutes later, up to a limit', () => {
    let form = copied(aPolicy())
    form = withStep(form)
    expect(form.steps.at(-1)).toEqual({ ...form.steps.at(-2), delay_s: 120 })
    for (let n = 0; n < 20; n += 1) form = withStep(form)
    expect(form.steps).toHaveLength(MAX_STEPS)
    expect(withoutStep(form, 0).steps).toHaveLength(MAX_STEPS - 1)
  })

  it('sends a quorum only where the mode asks for one', () => {
    const form = copied(aPolicy({ mode: 'quorum', quorum: [{ specialty: 'icu', count: 1 }] }))
    expect(body(form).quorum).toHaveLength(1)
    expect(body({ ...form, mode: 'first' }).quorum).toEqual([])
  })
})

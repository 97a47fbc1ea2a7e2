import { describe, expect, it } from 'vitest'

import { MAX_STEPS, body, chosenBy, copied, withStep, withoutStep } from './form'
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

import { describe, expect, it } from 'vitest'

import { useDraft } from './useDraft'

const blank = () => ({ text: '', vitals: {} as Record<string, number> })

describe('a draft', () => {
  it('survives a reload, deep changes included', () => {
    const draft = useDraft('case.1.note', blank)
    expect(draft.restored).toBe(false)
    draft.value.value.text = '宫缩乏力'
    draft.value.value.vitals['sbp'] = 82
    const again = useDraft('case.1.note', blank)
    expect(again.restored).toBe(true)
    expect(again.value.value).toEqual({ text: '宫缩乏力', vitals: { sbp: 82 } })
  })

  it('is gone once sent, and stays gone', () => {
    const draft = useDraft('case.1.note', blank)
    draft.value.value.text = 'x'
    draft.clear()
    expect(draft.value.value).toEqual(blank())
    expect(useDraft('case.1.note', blank).restored).toBe(false)
  })

  it('of one case is not that of another', () => {
    useDraft('case.1.note', blank).value.value.text = 'x'
    expect(useDraft('case.2.note', blank).restored).toBe(false)
  })

  it('with damaged storage starts blank', () => {
    localStorage.setItem('ys.draft.case.3', '{not json')
    expect(useDraft('case.3', blank).value.value).toEqual(blank())
  })

  it('gets fields that a newer form has', () => {
    localStorage.setItem('ys.draft.case.4', '{"text":"x"}')
    expect(useDraft('case.4', blank).value.value).toEqual({ text: 'x', vitals: {} })
  })
})

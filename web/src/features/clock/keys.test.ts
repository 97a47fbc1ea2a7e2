import { describe, expect, it } from 'vitest'

import { type Asking, type Board, nextKey, press, skip } from './keys'

const board = (over: Partial<Board> = {}): Board => ({
  keys: ['decision_for_cs', 'team_called', 'anaesthesia_started', 'birth'], reached: new Set(), prompt: null,
  reasons: ['not_indicated', 'contraindicated'], undo: null, own: null, locked: false, ...over,
})
/** Presses one key after the other and gives what came of it. */
function type(keys: string, on: Board = board()) {
  let asking: Asking | null = null
  const effects = []
  for (const key of keys.split(' ')) {
    const pressed = press(key === 'space' ? ' ' : key, asking, on)
    asking = pressed.asking
    if (pressed.effect !== null) effects.push(pressed.effect)
  }
  return { asking, effects }
}

describe('one hand on the number keys', () => {
  it('records a moment with one press', () => {
    expect(type('2').effects).toEqual([{ act: 'record', kind: 'team_called', said: {} }])
  })

  it('asks class and place of a decision with the same keys, then records once', () => {
    expect(type('1').effects).toEqual([])
    expect(type('1 2').asking?.question).toBe('place')
    expect(type('1 2 1').effects).toEqual([{ act: 'record', kind: 'decision_for_cs', said: { urgency_class: 2, place: 'delivery_room' } }])
  })

  it('may leave out what is optional, never the class', () => {
    expect(type('1 1 0').effects).toEqual([{ act: 'record', kind: 'decision_for_cs', said: { urgency_class: 1 } }])
    expect(type('1 0').effects).toEqual([])
    expect(type('3 Enter').effects).toEqual([{ act: 'record', kind: 'anaesthesia_started', said: {} }])
  })

  it('drops a question with Escape, and only then leaves', () => {
    expect(type('1 Escape')).toEqual({ asking: null, effects: [] })
    expect(type('1 Escape Escape').effects).toEqual([{ act: 'leave' }])
  })

  it('says that a moment was recorded before instead of recording it twice', () => {
    expect(type('4', board({ reached: new Set(['birth']) })).effects).toEqual([{ act: 'already', kind: 'birth' }])
  })

  it('walks through the moments with the space bar alone', () => {
    expect(nextKey(board({ reached: new Set(['decision_for_cs']) }))).toBe('team_called')
    expect(type('space', board({ reached: new Set(['decision_for_cs']) })).effects).toEqual([{ act: 'record', kind: 'team_called', said: {} }])
    expect(type('space', board({ reached: new Set(board().keys) })).effects).toEqual([])
  })

  it('answers a prompt, takes back a slip, takes on a delay', () => {
    const asked = board({ prompt: 'pph_blood', undo: 7, own: 'ddi_category_1' })
    expect(type('y', asked).effects).toEqual([{ act: 'prompt', prompt: 'pph_blood', answer: 'yes' }])
    expect(type('n 2', asked).effects).toEqual([{ act: 'prompt', prompt: 'pph_blood', answer: 'not_needed', code: 'contraindicated' }])
    expect(type('z', asked).effects).toEqual([{ act: 'undo', seq: 7 }])
    expect(type('o', asked).effects).toEqual([{ act: 'own', interval: 'ddi_category_1' }])
  })

  it('does nothing where there is nothing to do', () => {
    expect(type('y n z o 9 x').effects).toEqual([])
    expect(type('2 space', board({ locked: true })).effects).toEqual([])
    expect(type('0', board({ locked: true })).effects).toEqual([{ act: 'next_set' }])
  })

  it('records without the optional answer when nobody gives it, and waits for what is needed', () => {
    const { asking } = type('3')
    expect(asking && skip(asking).effect).toEqual({ act: 'record', kind: 'anaesthesia_started', said: {} })
    const needed = type('1').asking
    expect(needed && skip(needed)).toEqual({ asking: needed, effect: null })
  })
})

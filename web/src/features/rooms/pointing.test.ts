import { describe, expect, it } from 'vitest'

import { SHOWN_MS, colourOf, fresh, heard, placeOf } from './pointing'

const place = { on: 'still/1', x: 0.25, y: 0.5 }

describe('pointing', () => {
  it.each([
    [place, place],
    [{ ...place, more: 1 }, place],
    [{ on: null }, null],
    [{ on: 'still/1', x: '0', y: 0 }, null],
    [{ on: 'still/1', x: Infinity, y: 0 }, null],
    [{ on: 'x'.repeat(200), x: 0, y: 0 }, null],
    ['still/1', null],
    [null, null],
  ])('%j is the place %j', (data, found) => {
    expect(placeOf(data)).toEqual(found)
  })

  it('keeps one place a person, the newest, and forgets it', () => {
    let pointers = heard([], 'a', place, 0)
    pointers = heard(pointers, 'b', { ...place, x: 0.9 }, 100)
    pointers = heard(pointers, 'a', { ...place, x: 0.75 }, 200)
    expect(pointers.map((one) => [one.participant, one.x])).toEqual([
      ['b', 0.9],
      ['a', 0.75],
    ])
    expect(heard(pointers, 'a', { on: null }, 300).map((one) => one.participant)).toEqual(['b'])
    expect(fresh(pointers, 100 + SHOWN_MS).map((one) => one.participant)).toEqual(['a'])
  })

  it('gives each their colour, the same on every page', () => {
    expect(colourOf('b', ['a', 'b'])).not.toBe(colourOf('a', ['a', 'b']))
    expect(colourOf('unknown', ['a'])).toBe(colourOf('a', ['a']))
  })
})

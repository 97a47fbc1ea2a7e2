import { describe, expect, it } from 'vitest'

import { blank, bodyOf, secondsBetween } from './content'

const START = '2026-11-27T01:00:00Z'
const at = (second: number): number => Date.parse(START) + second * 1000

describe('an opinion’s form', () => {
  it('sends no empty orders and no empty recommendation', () => {
    const form = { ...blank(), text: ' 按摩子宫 ', orders: ['缩宫素 20 U', ' ', ''] }
    expect(bodyOf(form)).toMatchObject({ text: '按摩子宫', orders: [{ text: '缩宫素 20 U' }], recommendation: null, cited: [] })
  })

  it('sends a citation by its id, not by its words', () => {
    const cited = { cite: { kind: 'observation' as const, observation_id: 'o', note: ' 休克 ' }, zh: '收缩压 84 mmHg', en: '', at: START, until: null }
    expect(bodyOf({ ...blank(), cited: [cited] })['cited']).toEqual([{ kind: 'observation', observation_id: 'o', note: '休克' }])
  })
})

describe('seconds of a tracing', () => {
  it.each([
    [0, 59, { from_seq: 1, to_seq: 60 }],
    [-600, 9, { from_seq: 1, to_seq: 10 }],
    [590, 9000, { from_seq: 591, to_seq: 600 }],
    [700, 800, null],
    [-9, -1, null],
    [30, 20, null],
  ])('%d to %d', (from, until, expected) => {
    expect(secondsBetween(START, 600, at(from), at(until))).toEqual(expected)
  })
})

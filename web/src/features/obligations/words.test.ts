import { describe, expect, it } from 'vitest'

import type { Item, Pulled } from './types'
import { figureText, periodText, periodsAround, saidOf, statement } from './words'

const t = (key: string, named: Record<string, unknown> = {}) => `${key.split('.').pop()} ${JSON.stringify(named)}`
const pulled = (more: Partial<Pulled>): Pulled =>
  ({ kind: 'count', n: 0, of: null, value: null, unit: null, p50_s: null, p90_s: null, parts: [], refs: [], more: 0, demo: 0, ...more })
const item = (more: Partial<Item>): Item =>
  ({
    code: 'x', zh: '项', en: 'Item', ask: 'text', required: false, points: null, columns: [], source: '', confidence: 'I', to_be_verified: true, pulled: null,
    stated: null, ...more,
  })

describe('periods', () => {
  it.each([
    ['2026-11', '2026年11月'],
    ['2026-02', '2026年2月'],
    ['2026-Q4', '2026年第4季度'],
    ['2026-H1', '2026年上半年'],
    ['2026-H2', '2026年下半年'],
    ['2026', '2026年'],
  ])('%s', (code, words) => {
    expect(periodText(code, 'zh-CN')).toBe(words)
    expect(periodText(code, 'en')).toBe(code)
  })
})

it.each([
  ['month', ['2027-01', '2026-12', '2026-11']],
  ['quarter', ['2027-Q1', '2026-Q4', '2026-Q3']],
  ['half_year', ['2027-H1', '2026-H2', '2026-H1']],
  ['year', ['2027', '2026', '2025']],
])('offers the next %s, this one and those before', (cadence, first) => {
  expect(periodsAround(cadence, new Date(2026, 11, 31)).slice(0, 3)).toEqual(first)
})

it.each([
  [pulled({ n: 3 }), 'count {"n":3}'],
  [pulled({ kind: 'share', n: 1, of: 4, value: 25, unit: 'percent' }), '25.0% (1/4)'],
  [pulled({ kind: 'share', n: 0, of: 0 }), 'no_share {}'],
  [pulled({ kind: 'interval', n: 2, of: 3, p50_s: 90, p90_s: 600 }), 'interval {"p50":"1.5","p90":"10.0","n":2}'],
  [pulled({ kind: 'interval', of: 3 }), 'no_interval {"of":3}'],
  [pulled({ kind: 'parts', n: 2, parts: [{ zh: '甲', en: 'A', n: 2 }, { zh: '乙', en: 'B', n: 0 }] }), 'women {"n":2} · 甲 2'],
  [pulled({ kind: 'closed' }), 'closed {}'],
])('says what a figure is: %#', (figure, words) => {
  expect(figureText(figure, t, 'zh-CN')).toBe(words)
})

describe('statements', () => {
  it('leave out what is empty, and rows that are', () => {
    expect(statement(item({}), { text: '  ', points: null, rows: [] })).toEqual({ item: 'x' })
    expect(statement(item({ points: 5 }), { text: '好', points: 0, rows: [] })).toEqual({ item: 'x', text: '好', points: 0 })
    const rows = [{ a: '1', b: '' }, { a: ' ', b: '' }]
    expect(statement(item({ ask: 'table' }), { text: '', points: null, rows })).toEqual({
      item: 'x', rows: [{ cells: [{ column: 'a', value: '1' }, { column: 'b', value: '' }] }],
    })
  })

  it('begin with what was stated', () => {
    const stated = { text: '好', rows: null, points: 4, by: null, at: '2026-11-22T00:00:00Z' }
    expect(saidOf(item({ stated }))).toEqual({ text: '好', points: 4, rows: [] })
  })
})

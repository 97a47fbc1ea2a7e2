import { expect, it } from 'vitest'

import { csv, linesOf, told, wordOf } from './counted'
import type { Count, Rules, Statistics } from './types'

const cell = (code: string, zh: string) => ({ code, zh, en: code })
const RULES = {
  kinds: [cell('maternal_death', '孕产妇死亡评审')], levels: [cell('facility', '院内评审')], links: [cell('health', '医疗保健部门')],
  aspects: [cell('management', '管理')], conclusions: [cell('avoidable', '可避免')], delays: [], causes: [cell('haemorrhage', '产科出血')],
} as unknown as Rules
const count = (dimension: Count['dimension'], code: string, n: number | null): Count => ({ kind: 'maternal_death', dimension, code, n })
const words = { dimension: (one: string) => one, state: (code: string) => `状态 ${code}` }

it('tells a hidden count as below the bound, and nobody as none', () => {
  expect(told({ ...count('cause', 'haemorrhage', null), hidden: 'follows' }, 5)).toBe('*')
  expect([told(count('cause', 'haemorrhage', null), 5), told(undefined, 5), told(count('cause', 'x', 7), 5)]).toEqual(['<5', '0', '7'])
})

it('names what is counted, in the words of the rules', () => {
  const named = (one: Count) => wordOf(one, RULES, 'zh-CN', words.state)
  expect(named(count('cell', 'health.management', 1))).toBe('医疗保健部门 / 管理')
  expect(named(count('total', 'facility', 1))).toBe('院内评审')
  expect(named(count('measure', 'open', 1))).toBe('状态 open')
  expect(named(count('cause', 'gone', 1))).toBe('gone')
})

it('puts every count into a line, hidden ones hidden, and no formula into a file', () => {
  const statistics: Statistics = {
    first_day: '2026-01-01', last_day: '2026-12-31', hidden_below: 5, years_only: false, counts: [count('cause', 'haemorrhage', null), count('conclusion', 'avoidable', 6)],
  }
  expect(linesOf(statistics, RULES, 'zh-CN', words)).toEqual([
    ['孕产妇死亡评审', 'cause', '产科出血', '<5'], ['孕产妇死亡评审', 'conclusion', '可避免', '6'],
  ])
  expect(csv([['=1+1', '说"好"'], ['a', 'b']])).toBe('\ufeff"\'=1+1","说""好"""\r\n"a","b"\r\n')
})

import { render, screen, within } from '@testing-library/vue'
import { describe, expect, it } from 'vitest'

import { i18n } from '@/shared/i18n'

import type { Definition, HouseValue, Indicator } from '../types'
import { interval, lastDay } from '../words'
import BaselineLine from './BaselineLine.vue'
import HousesTable from './HousesTable.vue'

const baseline = { low: 60, high: 90, confidence: 'S', source: '省方案' } as const
const definition = { unit: 'percent', baseline, measure: { kind: 'share' } } as unknown as Definition
const share = { kind: 'share', n: 18, of: 40, value: 45, by_centre: [], mean: null, outside: [], late: 0, demo: 0 } as const
const count = { kind: 'count', n: 3, by_centre: [], mean: null, outside: [], late: 0, demo: 0 } as const
const global = { plugins: [i18n], stubs: { RouterLink: { props: ['to'], template: '<a :href="to"><slot /></a>' }, ElButton: true } }
const show = (indicator: Partial<Indicator>) => render(BaselineLine, { props: { indicator: { definition, value: share, compared: null, ...indicator } as Indicator }, global }).container.textContent

describe('a number beside its baseline', () => {
  it('says the interval, where it lies, whether that is worse, and n', () => {
    const said = show({ compared: { beside: 'below', worse: true } })
    expect(said).toContain('60.00 % – 90.00 %')
    expect(said).toContain('▼ 低于基线下限（较差）')
    expect(said).toContain('n=40')
  })

  it('says nothing where the province has none, and of a count that a year is needed', () => {
    expect(show({ definition: { ...definition, baseline: null } })).toBe('')
    expect(show({ value: count as never })).toContain('整年')
    expect(show({ value: count as never })).not.toContain('n=')
  })

  it('stands beside each facility, which leads to its own cases', () => {
    const houses: HouseValue[] = [
      { centre: { id: 'a', short_name: '甲院' }, n: 30, met: 29, value: 96.67, compared: { beside: 'above', worse: false } },
      { centre: { id: 'b', short_name: '乙院' }, n: 4, met: 1, value: 25, compared: { beside: 'below', worse: true } },
    ]
    render(HousesTable, { props: { houses, definition, to: (id: string) => `/x?facility=${id}` }, global })
    const [first, second] = screen.getAllByRole('row').slice(1) as [HTMLElement, HTMLElement]
    expect(first.textContent).toMatch(/甲院29\/3096\.67 %▲ 高于基线上限/)
    expect(second.textContent).toMatch(/乙院1\/4 ▲25\.00 %▼ 低于基线下限/)
    expect(within(second).getByRole('link').getAttribute('href')).toBe('/x?facility=b')
  })

  it('is open where it has one end; a version ends the day before it is over', () => {
    expect(interval({ low: null, high: 600 }, 's', 'zh-CN')).toBe('… – 10 分')
    expect(lastDay('2027-01-01')).toBe('2026-12-31')
  })
})

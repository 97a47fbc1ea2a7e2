import { render, screen } from '@testing-library/vue'
import { describe, expect, it } from 'vitest'

import { i18n } from '@/shared/i18n'

import type { ControlChart, Definition, Funnel } from '../types'
import ControlPlot from './ControlPlot.vue'
import FunnelPlot from './FunnelPlot.vue'

const definition = { unit: 'percent', baseline: { low: 35, high: 40, confidence: 'S', source: '' } } as Definition
const rule = { text: { zh: '', en: '' }, source: '', to_be_verified: true }
const chart: ControlChart = {
  kind: 'p',
  centre: 38,
  points: [
    { month: '2026-01', n: 120, value: 37, low: 30, high: 46, signal: null },
    { month: '2026-02', n: null, value: null, low: null, high: null, signal: null },
    { month: '2026-03', n: 110, value: 55, low: 30, high: 46, signal: 'outside' },
  ],
  rule,
}
const funnel: Funnel = {
  mean: 38,
  points: [
    { centre: { id: 'a', short_name: '甲院' }, n: 100, value: 37, beyond: 'within' },
    { centre: { id: 'b', short_name: '乙院' }, n: 400, value: 55, beyond: 'alarm' },
  ],
  bands: [
    { n: 100, low_warning: 28, high_warning: 48, low_alarm: 23, high_alarm: 53 },
    { n: 400, low_warning: 33, high_warning: 43, low_alarm: 30, high_alarm: 46 },
  ],
  hidden: 3,
  rule,
}
const global = { plugins: [i18n] }

describe('charts', () => {
  it('say which months changed, and hide what is small', () => {
    const { container } = render(ControlPlot, { props: { chart, definition }, global })
    const said = screen.getByRole('img').getAttribute('aria-label')
    expect(said).toContain('2026-03 55.00 % (限外)')
    expect(said).not.toContain('2026-02')
    expect(container.querySelectorAll('circle.dot')).toHaveLength(1)
    expect(container.querySelectorAll('path.signal')).toHaveLength(1)
    expect(container.textContent).toContain('<5')
    expect(container.querySelector('.baseline')).not.toBeNull()
  })

  it('draw the median and its 90th centile in one picture, where they are not hidden', () => {
    const months = [60, 70, 80].map((p90_s, i) => ({ month: `2026-0${i + 1}`, n: 9, p50_s: 30, p90_s, value: null }))
    const spread = { unit: 's', baseline: null } as Definition
    const { container } = render(ControlPlot, { props: { chart: { ...chart, kind: 'xmr' }, definition: spread, months }, global })
    expect(container.querySelectorAll('rect.dot90')).toHaveLength(2)
    expect(screen.getByRole('img').getAttribute('aria-label')).toContain('2026-03 55 秒 (限外), P90 1 分 20 秒')
    expect(container.textContent).toContain('■ 第 90 百分位')
  })

  it('draw no limits from few months', () => {
    const { container } = render(ControlPlot, { props: { chart: { ...chart, centre: null }, definition }, global })
    expect(container.querySelector('.limit')).toBeNull()
    expect(container.textContent).toContain('暂不画控制限')
  })

  it('name facilities outside, and say how many are hidden', () => {
    const { container } = render(FunnelPlot, { props: { funnel, definition }, global })
    expect(screen.getByRole('img').getAttribute('aria-label')).toContain('乙院 55.00 % n=400')
    expect(container.querySelectorAll('circle.within')).toHaveLength(1)
    expect(container.querySelectorAll('path.beyond.alarm')).toHaveLength(1)
    expect(container.textContent).toContain('另有 3 家')
  })
})

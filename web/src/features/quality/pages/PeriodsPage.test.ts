import { screen, waitFor, within } from '@testing-library/vue'
import userEvent from '@testing-library/user-event'
import { describe, expect, it, vi } from 'vitest'
import { defineComponent, h, type Component } from 'vue'

import { api } from '@/api/client'
import { axeViolations, renderPage } from '@/testing/page'

import type { FrozenPeriod } from '../types'
import PeriodPage from './PeriodPage.vue'
import PeriodsPage from './PeriodsPage.vue'

const PERIOD: FrozenPeriod = {
  id: 'p1', region_id: 'r1', region: '临江市', first_day: '2026-10-01', last_day: '2026-10-31', frozen_by: { id: 'x', name: '许明', title: '处长' },
  frozen_at: '2026-11-02T01:00:00Z', checkpoint_no: 7, note: '十月',
}
const DEFINITION = {
  id: 'v', code: 'accepted', unit: 's', name: { zh: '发出求助→同意接收', en: 'Request to acceptance' }, target: null, measure: { kind: 'interval' },
}
const value = (n: number, p50_s: number) => ({
  kind: 'interval', distribution: { n, p50_s, p90_s: p50_s, min_s: 1, max_s: 9, histogram: [], within_target: null },
  open: 0, inconsistent: 0, by_centre: [], mean: null, late: 0, demo: 0,
})
const reading = (seconds: number | null, late: boolean) => ({
  state: seconds === null ? 'open' : 'counted', reason: null, met: false, late, from_at: '2026-10-02T00:00:00Z', to_at: null, seconds,
})
const DIFFERENCE = {
  period: PERIOD, unchanged: 30,
  scope: {
    from: '2026-09-30T16:00:00Z', to: '2026-10-31T16:00:00Z', region_id: null, facility_id: null, late: 'with', cases: 12, drills_left_out: 0, voided_left_out: 0, missing: 0,
    back_referrals_left_out: 0, frozen: { id: 'p1', region: '临江市', by: PERIOD.frozen_by, at: PERIOD.frozen_at },
  },
  indicators: [{
    definition: DEFINITION, frozen: value(11, 300), now: value(12, 420), intact: true,
    changes: [{ case_id: 'c1', page: 'case', number: 'ZZ-1', origin: { id: 'f', short_name: '柳湾县医' }, before: reading(null, false), after: reading(540, true) }],
  }],
}
const answers = {
  '/api/quality/periods': { periods: [PERIOD], overseen: [{ id: 'r1', name: '临江市' }] },
  '/api/quality/periods/p1/difference': DIFFERENCE,
}

const routes = [
  { path: '/quality', name: 'quality' },
  { path: '/periods', name: 'periods' },
  { path: '/periods/:id', name: 'period' },
  { path: '/indicator/:code', name: 'indicator' },
  { path: '/cases/:id', name: 'case' },
]

async function show(page: Component, path: string, at = path) {
  return renderPage(defineComponent({ render: () => h('main', [h(page)]) }), { path, at, answers, roles: ['commission'], routes })
}

describe('closed periods', () => {
  it('are listed with who closed them and when, and one more can be closed', async () => {
    const submission = vi.spyOn(api, 'submission').mockReturnValue({ key: 'k', send: vi.fn().mockResolvedValue({ id: 'p2' }) } as never)
    const { container } = await show(PeriodsPage, '/x')
    expect(await screen.findByText(/临江市/)).toBeTruthy()
    expect(screen.getByText(/许明 于 .* 关账/)).toBeTruthy()
    expect(await axeViolations(container)).toEqual([])
    await userEvent.click(screen.getByRole('button', { name: '关账' }))
    const dialog = await screen.findByRole('dialog')
    await userEvent.click(within(dialog).getByRole('button', { name: '上一年' }))
    await userEvent.click(within(dialog).getByRole('button', { name: '关账' }))
    const send = submission.mock.results.at(-1)?.value.send as ReturnType<typeof vi.fn>
    await waitFor(() => expect(send).toHaveBeenCalledOnce())
    expect(send.mock.calls[0]?.[0]).toMatchObject({ region_id: 'r1', first_day: expect.stringMatching(/-01-01$/), last_day: expect.stringMatching(/-12-31$/) })
  })
})

describe('what changed since', () => {
  it('stands beside the closed figure, case by case', async () => {
    const { container } = await show(PeriodPage, '/quality/periods/:id', '/quality/periods/p1')
    const card = await screen.findByRole('article', { name: '发出求助→同意接收' })
    expect(within(within(card).getByRole('region', { name: '关账时' })).getByText('11')).toBeTruthy()
    expect(within(within(card).getByRole('region', { name: '现在重算' })).getByText('12')).toBeTruthy()
    expect(within(card).getByText(/计入 · 9 分 · 补录/)).toBeTruthy()
    expect(within(card).getByText(/关账明细重算一致/)).toBeTruthy()
    expect(await axeViolations(container)).toEqual([])
  })
})

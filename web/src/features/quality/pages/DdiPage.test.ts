import { within } from '@testing-library/vue'
import { describe, expect, it, vi } from 'vitest'

import { axeViolations, renderPage } from '@/testing/page'

import type { Ddi, DdiRow, Distribution } from '../types'
import DdiPage from './DdiPage.vue'

function spread(n: number, within: number | null): Distribution {
  const quantile = n === 0 ? null : 1_500
  return {
    n, p50_s: quantile, p90_s: quantile, min_s: quantile, max_s: quantile, histogram: [],
    within_target: within === null ? null : { n: within, of: n, share: within / n },
  }
}

function row(n: number, over: Partial<DdiRow> = {}): DdiRow {
  return { place: null, anaesthesia: null, with_late: spread(n, 1), without_late: spread(n - 1, 1), open: 1, inconsistent: 0, demo: n, ...over }
}

const scope: Ddi['scope'] = {
  from: '2026-10-23T00:00:00Z', to: '2026-11-22T00:00:00Z', region_id: null, facility_id: null, late: 'with', cases: 3, drills_left_out: 0, missing: 0,
  back_referrals_left_out: 0, voided_left_out: 0,
}
const split: Ddi = {
  scope,
  classes: [{
    urgency_class: 1,
    definition: null,
    total: row(3),
    by_place: [row(2, { place: 'theatre' }), row(1)],
    by_anaesthesia: [row(3, { anaesthesia: 'general' })],
    cells: [row(2, { place: 'theatre', anaesthesia: 'general' })],
    cases: [
      { case_id: '00000000-0000-4000-8000-00000000000a', number: 'LJ-7', decided_at: '2026-11-01T02:00:00Z', seconds: 1_500, state: 'counted', place: 'theatre', anaesthesia: 'general', late: true, demo: false },
      { case_id: '00000000-0000-4000-8000-00000000000b', number: 'LJ-8', decided_at: '2026-11-02T02:00:00Z', seconds: null, state: 'open', place: null, anaesthesia: null, late: false, demo: false },
    ],
  }],
}

const show = (answer: Ddi) =>
  renderPage(DdiPage, {
    path: '/quality/ddi',
    answers: { '/api/quality/ddi': answer, '/api/regions': [], '/api/facilities': [], '/api/conditions': [] },
    routes: [{ path: '/quality', name: 'quality' }],
  })

describe('decision to delivery', () => {
  it('shows rows and no list to who may open no case', async () => {
    const view = await show({ ...split, classes: split.classes.map((one) => ({ ...one, cases: [] })) })
    expect((await view.findAllByRole('table')).length).toBeGreaterThan(0)
    expect(view.container.textContent).not.toContain('这些数字背后的病例')
  })

  it('is split by class, place and anaesthesia, with and without late entries', async () => {
    const view = await show(split)
    const table = (await view.findAllByRole('table'))[0] as HTMLElement
    expect(table.textContent).toContain('含补录')
    expect(table.textContent).toContain('不含补录')
    expect(table.textContent).toContain('手术室 · 全身麻醉')
    expect(table.textContent).toContain('未记录')
    expect(table.textContent).toContain('1/3')
    expect(table.textContent).not.toContain('%')
    expect(table.textContent).toContain('未完成 1 例')
    expect(await axeViolations(view.container)).toEqual([])
  }, 20_000)

  it('leads from its numbers to the cases', async () => {
    const view = await show(split)
    const cases = await view.findByRole('table', { name: '病例', hidden: true })
    const [first, second] = within(cases).getAllByRole('row', { hidden: true }).slice(1)
    expect(first?.textContent).toMatch(/LJ-7.*手术室.*全身麻醉.*25 分.*补录/)
    expect(second?.textContent).toMatch(/LJ-8.*未记录.*未记录/)
    expect(first?.querySelector('a')?.getAttribute('href')).toBe('/cases/00000000-0000-4000-8000-00000000000a')
  })

  it('says what to do where nobody decided', async () => {
    const view = await show({ scope: { ...scope, cases: 0 }, classes: [] })
    expect(await view.findByText('本期没有剖宫产决定')).toBeTruthy()
    expect(view.getByText(/登记“决定剖宫产”/)).toBeTruthy()
  })

  it('can be printed', async () => {
    const print = vi.spyOn(window, 'print').mockImplementation(() => undefined)
    const view = await show(split)
    ;(await view.findByRole('button', { name: '打印' })).click()
    expect(print).toHaveBeenCalled()
  })
})

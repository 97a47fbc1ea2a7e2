import { screen, waitFor } from '@testing-library/vue'
import userEvent from '@testing-library/user-event'
import { describe, expect, it, vi } from 'vitest'

import { api } from '@/api/client'
import { axeViolations, renderPage } from '@/testing/page'

import type { Definition, Indicators, IntervalValue } from '../types'
import QualityPage from './QualityPage.vue'

const definition: Definition = {
  id: '00000000-0000-4000-8000-000000000001',
  code: 'request_to_accept',
  version: 1,
  origin: 'shipped',
  valid_from: '2026-01-01',
  valid_to: null,
  standing: 'platform',
  aspect: 'green_channel',
  levels: ['centre'],
  measure: { kind: 'interval', clock: { set: 'referral', version: 1, interval: 'request_to_accept' }, place: 'origin' },
  unit: 's',
  direction: 'lower',
  name: { zh: '发出求助→同意接收', en: 'Request to acceptance' },
  definition: { zh: '从求助到首次同意接收的时间。', en: 'Time from the request to the first acceptance.' },
  population: { zh: '本期求助', en: 'requested in the period' },
  numerator: null,
  denominator: null,
  exclusions: { zh: ['演练'], en: ['drills'] },
  national_no: null,
  source: '平台定义',
  data_source: 'requested → accepted',
  confidence: 'I',
  to_be_verified: true,
  from_milestone: 'requested',
  to_milestone: 'accepted',
  target: { seconds: 600, text: { zh: '10 分钟', en: '10 minutes' }, source: '', confidence: 'I', to_be_verified: true },
  baseline: null,
  weight: null,
}

function value(n: number): IntervalValue {
  const histogram = n === 0 ? [] : [{ from_s: 0, to_s: 300, n }]
  const quantile = n === 0 ? null : 204
  return {
    kind: 'interval',
    distribution: { n, p50_s: quantile, p90_s: quantile, min_s: quantile, max_s: quantile, histogram, within_target: n === 0 ? null : { n: n - 1, of: n, share: (n - 1) / n } },
    open: 1,
    inconsistent: 0,
    by_centre: [],
    mean: n === 0 ? null : { centres: 3, without: 1, value: 204 },
    late: 0,
    demo: n,
    more_centres: 0,
  }
}

function answers(n: number): Record<string, unknown> {
  const indicators: Indicators = {
    scope: { from: '2026-10-23T00:00:00Z', to: '2026-11-22T00:00:00Z', region_id: null, facility_id: null, late: 'with', cases: n, drills_left_out: 2, back_referrals_left_out: 0, voided_left_out: 0, missing: 0 },
    indicators: [{ definition, value: value(n) }],
  }
  return { '/api/indicators': indicators, '/api/regions': [], '/api/facilities': [], '/api/conditions': [] }
}

/** A count over so many facilities, of which the server names twelve. */
function houses(n: number): Record<string, unknown> {
  const by_centre = Array.from({ length: 12 }, (_, no) => ({ centre: { id: String(no), short_name: `医院${no}` }, n: n - no, met: null, p50_s: null }))
  const counted = { kind: 'count' as const, n: 400, by_centre, mean: null, outside: [], late: 0, demo: 0, more_centres: n - 12 }
  const told = answers(0)
  const indicators = told['/api/indicators'] as Indicators
  return { ...told, '/api/indicators': { ...indicators, indicators: [{ definition: { ...definition, unit: 'cases' }, value: counted }] } }
}

const show = (n: number, told = answers(n)) => renderPage(QualityPage, { path: '/quality', answers: told, routes: [{ path: '/quality/ddi', name: 'ddi' }, { path: '/quality/definitions', name: 'handbook' }, { path: '/quality/periods', name: 'periods' }, { path: '/quality/:code', name: 'indicator' }] })

describe('indicators', () => {
  it('say n with every number and never a bare share', async () => {
    const view = await show(58)
    const card = await view.findByRole('article')
    expect(card.textContent).toContain('n58')
    expect(card.textContent).toContain('3 分 24 秒')
    expect(card.textContent).toContain('58 例中 57 例达到：10 分钟')
    expect(card.textContent).not.toContain('%')
    expect(card.textContent).not.toContain('仅 58 例')
  })

  it('say when n is small, and when there is nobody', async () => {
    expect((await (await show(4)).findByRole('article')).textContent).toContain('仅 4 例')
    expect((await (await show(0)).findAllByText('本期没有病例')).length).toBe(1)
  })

  it('say what is not verified, and keep the definition one click away', async () => {
    const view = await show(58)
    expect(await view.findByText('◇ 待核实', { selector: 'summary *' })).toBeTruthy()
    expect(view.getByText('从求助到首次同意接收的时间。').closest('details')).toBeTruthy()
  })

  it('stand below where nobody is counted, with that', async () => {
    const told = answers(0)
    const indicators = told['/api/indicators'] as Indicators
    const nobody = { ...value(0), open: 0 }
    const view = await show(0, { ...told, '/api/indicators': { ...indicators, indicators: [{ definition, value: nobody }] } })
    expect(await view.findByText('本期没有数字的指标（1 项）')).toBeTruthy()
    expect(view.queryByRole('article')).toBeNull()
    expect(view.getByText('本期没有病例').closest('details')).toBeTruthy()
  })

  it('name the facilities with the most, and how many more there are', async () => {
    const few = await show(0, houses(12))
    expect((await few.findByRole('article')).textContent).not.toContain('家机构')
    few.unmount()
    const many = await show(0, houses(336))
    const card = await many.findByRole('article')
    expect(card.textContent).toContain('医院11')
    expect(card.textContent).not.toContain('医院12')
    expect(card.textContent).toContain('另有 324 家机构')
  })

  it('ask again without late entries', async () => {
    const view = await show(58)
    await view.findByRole('article')
    await userEvent.click(view.getByLabelText('计入补录的时间'))
    await waitFor(() =>
      expect(view.get.mock.calls.some(([path, query]) => path === '/api/indicators' && query?.['late'] === 'without')).toBe(true),
    )
    expect(view.router.currentRoute.value.query).toEqual({ late: 'without' })
  })

  it('have no accessibility violations', async () => {
    const view = await show(58)
    await view.findByRole('article')
    expect(await axeViolations(view.container)).toEqual([])
  })

  it('are saved as an Excel file or as text, without small counts when they are handed on', async () => {
    const download = vi.spyOn(api, 'download').mockResolvedValue(new Blob(['x']))
    vi.stubGlobal('URL', Object.assign(URL, { createObjectURL: () => 'blob:x', revokeObjectURL: () => undefined }))
    await show(12)
    await userEvent.click(await screen.findByLabelText('隐去 1–4 例（对外分发时）'))
    await userEvent.click(screen.getByRole('button', { name: /导出 Excel/ }))
    await waitFor(() => expect(download).toHaveBeenCalledOnce())
    expect(download.mock.calls[0]?.[0]).toMatch(/^\/api\/quality\/export\?.*small=hide&language=zh&as=xlsx$/)
    await userEvent.click(await screen.findByRole('button', { name: /导出 CSV/ }))
    await waitFor(() => expect(download).toHaveBeenCalledTimes(2))
    expect(download.mock.calls[1]?.[0]).toMatch(/&as=csv$/)
  })
})

import { screen } from '@testing-library/vue'
import { describe, expect, it, vi } from 'vitest'

import type { Role } from '@/api/types'
import { axeViolations, renderPage } from '@/testing/page'

import type { ChartNotes, Definition, IndicatorCase, IndicatorCases, IndicatorDetail } from '../types'
import IndicatorPage from './IndicatorPage.vue'

vi.mock('../components/FilterBar.vue', () => ({ default: { render: () => null } }))

const definition: Definition = {
  id: '00000000-0000-4000-8000-000000000001', code: 'online_referrals', version: 1, origin: 'shipped', valid_from: '2026-01-01', valid_to: null,
  standing: 'candidate', aspect: 'system', levels: ['centre'], measure: { kind: 'count', of: 'cases', place: 'origin' }, unit: 'cases', direction: 'higher',
  name: { zh: '线上转诊例数', en: 'Online referrals' }, definition: { zh: '本期线上转诊。', en: 'Referrals of the period.' }, population: { zh: '本期转诊', en: 'referrals' },
  numerator: null, denominator: null, exclusions: { zh: ['演练'], en: ['drills'] }, national_no: null, source: '候选', data_source: '平台', confidence: 'I', to_be_verified: true,
  from_milestone: null, to_milestone: null, target: null, baseline: null, weight: null,
}
const scope: IndicatorCases['scope'] = {
  from: '2026-03-01T00:00:00Z', to: '2026-06-01T00:00:00Z', region_id: null, facility_id: null, late: 'with', cases: 9, drills_left_out: 0, missing: 0, back_referrals_left_out: 0,
  voided_left_out: 0,
}
const points = ['2026-03', '2026-04', '2026-05'].map((month) => ({ month, n: 9, value: 9, low: null, high: null, signal: null }))
const detail: IndicatorDetail = {
  scope,
  indicator: { definition, value: { kind: 'count', n: 27, by_centre: [], mean: null, outside: [], late: 0, demo: 0, more_centres: 0 }, compared: null },
  houses: [], points: [], months: points.map(({ month, n }) => ({ month, n, p50_s: null, p90_s: null, value: null })),
  control: { kind: 'u', centre: 9, points, rule: { text: { zh: '', en: '' }, source: '', to_be_verified: false } },
  funnel: null, published: [],
}
const notes: ChartNotes = {
  notes: [{
    id: 'a', month: '2026-04', text: '新病房启用', place: { kind: 'facility', id: 'h', name: '县妇保' }, written_by: { id: 'p', name: '许文', title: '医务科主任' }, written_at: '2026-06-01T02:00:00Z',
    may_withdraw: true,
  }],
  places: [{ kind: 'facility', id: 'h', name: '县妇保' }],
}
const one: IndicatorCase = {
  case_id: '00000000-0000-4000-8000-00000000000a', page: 'case', number: 'LJ-7', opened_at: '2026-04-01T02:00:00Z', origin: null, from_at: '2026-04-01T02:00:00Z', to_at: null, seconds: null,
  state: 'counted', reason: null, met: false, part: 1, whole: 1, late: false, demo: false,
}
const show = (roles: Role[], cases: IndicatorCase[], unlisted: number) =>
  renderPage(IndicatorPage, {
    path: '/quality/:code', at: '/quality/online_referrals', roles,
    answers: {
      '/api/indicators/online_referrals': detail, '/api/indicators/online_referrals/cases': { scope, definition, cases, unlisted } satisfies IndicatorCases,
      '/api/quality/indicators/online_referrals/notes': notes,
    },
    routes: [{ path: '/quality', name: 'quality' }, { path: '/quality/:code/map', name: 'indicator-map' }],
  })

describe('an indicator', () => {
  it('shows 医务科 numbers and notes, and says that its cases are opened by others', async () => {
    const { container } = await show(['medical_affairs'], [], 27)
    expect(await screen.findByText(/^27 例已计入以上数字/)).toBeTruthy()
    expect(await screen.findByText(/^县妇保 · 许文 医务科主任 · 2026-06-01/)).toBeTruthy()
    expect(screen.getByRole('button', { name: '添加图注' })).toBeTruthy()
    expect(screen.queryByText('本期没有病例')).toBeNull()
    expect(screen.getByRole('heading', { name: '病例' })).toBeTruthy()
    expect([...container.querySelectorAll('a')].map((link) => link.getAttribute('href')).filter((to) => to?.startsWith('/cases') || to?.startsWith('/referrals'))).toEqual([])
    expect(await axeViolations(container)).toEqual([])
  }, 20_000)

  it('lists cases to who may open them, and says when there are none', async () => {
    await show(['expert'], [one], 0)
    expect(await screen.findByRole('link', { name: 'LJ-7' })).toBeTruthy()
    expect(screen.queryByText(/已计入以上数字/)).toBeNull()
    await show(['expert'], [], 0)
    expect(await screen.findByText('本期没有病例')).toBeTruthy()
  })
})

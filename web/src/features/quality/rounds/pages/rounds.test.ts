import { screen, waitFor, within } from '@testing-library/vue'
import userEvent from '@testing-library/user-event'
import { describe, expect, it, vi } from 'vitest'
import { defineComponent, h, type Component } from 'vue'

import { api } from '@/api/client'
import type { Role } from '@/api/types'
import { settled } from '@/testing/gets'
import { axeViolations, renderPage } from '@/testing/page'

import AssessmentPage from './AssessmentPage.vue'
import PlanRoundPage from './PlanRoundPage.vue'
import RoundPage from './RoundPage.vue'
import RoundsPage from './RoundsPage.vue'
import VisitPage from './VisitPage.vue'

const ROUND = {
  id: 'r', title: '2026 年度评估', region: { id: 'g', name: '云岚省', level: 'province', code: '99' }, state: 'open', period_id: 'p', first_day: '2026-01-01', last_day: '2026-11-30',
  whole_year: false, self_check_by: '2000-01-31', assess_by: '2199-06-30', rules: '2026-11', weight: 10, planned_by: null, planned_at: '2026-12-01T00:00:00Z',
  states: { self_check_open: 2 }, overdue: 1, actions: [], version: 2,
}
const ITEM = {
  code: 'accepted', kind: 'indicator', aspect: 'system', name: { zh: '求助至接收', en: 'Request to acceptance' }, computed: true, weight: 10, weight_to_be_verified: true,
  scoring: { method: 'slope', zero: 1800, full: 600 }, basis: '', definition: null, look: null, source: '平台', confidence: 'B', to_be_verified: true,
}
const SITE = { ...ITEM, code: 'beds', kind: 'on_site', name: { zh: '抢救床位', en: 'Beds' }, computed: false, scoring: null, look: { zh: '现场清点', en: 'Count' } }
const ASPECT = { code: 'system', name: { zh: '体系', en: 'System' }, source: 'x', to_be_verified: false }
const LINE = {
  id: 'e', round_id: 'r', facility: { id: 'f', name: '云江市妇幼保健院', short_name: '云江市妇幼', tier: 'city' }, facility_code: 'YJ001', region: { id: 'c', name: '云江市', level: 'city', code: '9901' },
  state: 'self_check_open', due: '2000-01-31', overdue: true, submitted_at: null, total: null, tasks_open: 0, side: 'centre', actions: ['answer', 'submit'], version: 2,
}
const CHECKED = { item: ITEM, figures: { n: 4, of: null, value: 1200, late: 0, demo: 0 }, answer: null, files: [], finding: null, scores: [] }
const ENTRY = {
  round: ROUND, entry: LINE, aspects: [ASPECT], items: [CHECKED], submitted_by: null, submitted: null, note: null, results: [], feedback: null,
  visits: [], may_visit: false, tasks: [], colleagues: [],
}
const VISIT = {
  title: '2026 年度评估', entry: LINE, items: [SITE],
  visit: { id: 'v', state: 'underway', planned_for: '2026-12-05', planned_by: null, begun_at: '2026-12-05T01:00:00Z', signed_by: null, signed_at: null, sha256: null, note: null, findings: [], files: [], actions: ['find', 'sign', 'cancel'], version: 2 },
}
const answers = {
  '/api/quality/rounds': [ROUND],
  '/api/quality/rounds/r': { round: ROUND, aspects: [ASPECT], items: [ITEM, SITE], entries: [LINE] },
  '/api/quality/assessments/e': ENTRY,
  '/api/quality/assessments/e/items/accepted/cases': { item: ITEM, period_id: 'p', figures: CHECKED.figures, cases: [] },
  '/api/quality/visits/v': VISIT,
  '/api/quality/periods': {
    periods: ['p', 'q'].map((id) => ({ id, region_id: 'g', region: '云岚省', first_day: `2026-0${id === 'p' ? 2 : 1}-01`, last_day: '2026-11-30' })),
    overseen: [{ id: 'g', name: '云岚省' }],
  },
  '/api/quality/rounds/choices': { region_id: 'g', period_id: 'q', whole_year: false, centres: 2, rules: '2026-11', deadlines: [], items: [] },
}
const routes = ['quality', 'rounds', 'plan-round', 'round', 'assessment', 'site-visit'].map((name) => ({ path: `/at/${name}/:id?`, name }))

async function show(page: Component, path: string, at = path, role: Role = 'commission') {
  return renderPage(defineComponent({ render: () => h('main', [h(page)]) }), { path, at, answers, roles: [role], routes })
}

function sending(answer: unknown) {
  const send = vi.fn().mockResolvedValue(answer)
  vi.spyOn(api, 'submission').mockReturnValue({ key: 'k', send } as never)
  return send
}

describe('assessment rounds', () => {
  it('say deadlines in words, what is late, and that a short period is a trial', async () => {
    const { container } = await show(RoundsPage, '/x')
    expect(await screen.findByText('2026 年度评估')).toBeTruthy()
    expect(screen.getByText('试评')).toBeTruthy()
    expect(screen.getByText('1 家逾期')).toBeTruthy()
    expect(screen.getByText(/已过 \d+ 天/)).toBeTruthy()
    expect(await axeViolations(container)).toEqual([])
  })

  it('are planned over a period that no round assesses yet', async () => {
    await show(PlanRoundPage, '/x')
    expect((await screen.findByLabelText<HTMLSelectElement>('统计期')).value).toBe('q')
    expect(screen.getByRole('option', { name: '云岚省 2026-02-01 – 2026-11-30 · 已有评估' })).toBeTruthy()
  })

  it('offer the items of the period that was chosen last, whatever comes when', async () => {
    const late: ((value: unknown) => void)[] = []
    const choices = () => new Promise((resolve) => late.push(resolve))
    await renderPage(PlanRoundPage, { path: '/x', answers: { ...answers, '/api/quality/rounds/choices': choices }, roles: ['commission'], routes })
    await userEvent.selectOptions(await screen.findByLabelText('统计期'), 'p')
    await waitFor(() => expect(late).toHaveLength(2))
    const offered = (code: string, name: string) => ({ ...answers['/api/quality/rounds/choices'], items: [{ ...ITEM, code, name: { zh: name, en: name } }] })
    late[1]?.(offered('new', '后选的项目'))
    expect(await screen.findByText('后选的项目')).toBeTruthy()
    late[0]?.(offered('old', '先选的项目'))
    await settled()
    expect(screen.queryByText('先选的项目')).toBeNull()
  })

  it('show every centre and mark weights that nobody says where they are from', async () => {
    const { container } = await show(RoundPage, '/round/:id', '/round/r')
    expect(await screen.findByText('云江市妇幼')).toBeTruthy()
    expect(screen.getAllByText(/待核实/).length).toBeGreaterThan(1)
    expect(screen.getByText(/30 分 得 0 分，10 分 得满分|1800 得 0 分/)).toBeTruthy()
    expect(await axeViolations(container)).toEqual([])
  })
})

describe('a self-check', () => {
  it('is said item by item, saved on leaving, and signed with the password', async () => {
    const send = sending({ ...ENTRY, items: [{ ...CHECKED, answer: { words: '属实', person: { id: 'x', name: '周敏', title: '' }, at: '2026-12-02T00:00:00Z', times: 1 } }] })
    const { container } = await show(AssessmentPage, '/a/:id', '/a/e', 'medical_affairs')
    expect(await screen.findByText('还有 1 项没有说明')).toBeTruthy()
    expect(await axeViolations(container)).toEqual([])
    await userEvent.type(screen.getByLabelText('本中心说明'), '属实')
    await userEvent.tab()
    await waitFor(() => expect(send).toHaveBeenCalledWith({ code: 'accepted', words: '属实' }))
    expect(await screen.findByText(/已保存：周敏/)).toBeTruthy()
    await userEvent.type(screen.getByLabelText('登录密码（签名）'), 'secret')
    await userEvent.click(screen.getByRole('button', { name: '签名提交自查' }))
    await waitFor(() => expect(send).toHaveBeenLastCalledWith({ version: 2, password: 'secret' }))
  })

  it('opens the cases behind a figure', async () => {
    await show(AssessmentPage, '/a/:id', '/a/e', 'medical_affairs')
    await userEvent.click(await screen.findByRole('button', { name: '看明细' }))
    expect(await screen.findByText(/这些病例不对您开放/)).toBeTruthy()
  })
})

describe('a visit', () => {
  it('takes a finding with one press', async () => {
    const send = sending({ ...VISIT, visit: { ...VISIT.visit, findings: [{ code: 'beds', verdict: 'met', percent: null, words: '', person: null, at: '2026-12-05T01:10:00Z' }] } })
    const { container } = await show(VisitPage, '/v/:id', '/v/v')
    const item = await screen.findByRole('article', { name: '抢救床位' })
    expect(await axeViolations(container)).toEqual([])
    await userEvent.click(within(item).getByRole('button', { name: '达到' }))
    await waitFor(() => expect(send).toHaveBeenCalledWith({ code: 'beds', verdict: 'met', percent: null, words: '' }))
    expect(await within(item).findByRole('button', { name: '达到', pressed: true })).toBeTruthy()
  })
})

import { screen, waitFor } from '@testing-library/vue'
import userEvent from '@testing-library/user-event'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { type Component, defineComponent, h } from 'vue'

import { api } from '@/api/client'
import { axeViolations, renderPage } from '@/testing/page'

import type { Board, Detail } from '../types'
import ObligationsPage from './ObligationsPage.vue'
import ReturnPage from './ReturnPage.vue'
import ReturnsPage from './ReturnsPage.vue'

const PERSON = { id: 'p', name: '许明', title: '主任医师' }
const RULE = {
  code: 'alliance_plan', zh: '医联体月度工作计划', en: 'Alliance plan', by: 'return', what: 'alliance_plan', cadence: 'month', due_month: -1, due_day: 25,
  tiers: ['county'], roles: ['maternal_centre'], source: '蓟州区', confidence: 'V', to_be_verified: false, due_confidence: 'I', due_to_be_verified: true,
} as const
const OWED = { obligation: 'alliance_plan', calendar: 'v1', period: '2026-12', due_on: '2026-11-25', standing: 'late', done_on: null, record_id: null } as const
const BOARD: Board = {
  today: '2026-11-27', late: 1, due: 0, done: 1,
  calendars: [{ version: 'v1', valid_from: '2026-10-01', before_days: [7, 2], late_days: [1], reminders_to_be_verified: true, obligations: [RULE as never] }],
  units: [{
    facility_id: 'f', facility: '临江县医院', region: '临江县', tier: 'county', mine: true, late: 1,
    owed: [OWED as never, { ...OWED, period: '2026-11', standing: 'done', done_on: '2026-10-20', record_id: 'r0' } as never],
  }],
}
const ITEM = {
  code: 'focus', zh: '本月重点', en: 'Focus', ask: 'text', required: true, points: 5, columns: [], source: '平台建议', confidence: 'I', to_be_verified: true,
  pulled: { kind: 'count', n: 2, of: null, value: null, unit: null, p50_s: null, p90_s: null, parts: [], refs: [{ path: '/cases/c1', label: 'ZZ-1' }], more: 1, demo: 0 },
  stated: null,
}
const TABLE = { ...ITEM, code: 'works', zh: '工作安排', ask: 'table', points: null, pulled: null, columns: [{ code: 'what', zh: '内容', en: 'What' }] }
const RETURN = {
  id: 'r1', form: 'alliance_plan', facility: { id: 'f', short_name: '临江县医院' }, period: '2026-12', first_day: '2026-12-01', last_day: '2026-12-31',
  due_on: '2026-11-25', state: 'draft', opened_by: PERSON, opened_at: '2026-11-20T00:00:00Z', submitted_by: null, submitted_at: null, version: 1, mine: true,
  allowed: ['state', 'submit', 'withdraw'],
}
const FORM = {
  code: 'alliance_plan', version: 'platform-1', zh: '医联体月度工作计划', en: 'Alliance plan', annex: null, cadence: 'month', many: false, after_period: false,
  source: '蓟州区', to_be_verified: true, points_to_be_verified: true, most_points: 5, signatures: ['填报人'],
}
const DETAIL = {
  quality_return: RETURN, form: FORM, sections: [{ zh: '工作计划', en: 'Plan', items: [ITEM, TABLE] }], claimed_points: 0, missing: ['focus', 'works'],
  issues: [], live: true,
} as unknown as Detail
const LOCKED = {
  ...DETAIL, missing: [], live: false,
  quality_return: { ...RETURN, state: 'submitted', submitted_by: PERSON, submitted_at: '2026-11-24T02:00:00Z', allowed: ['reopen'], version: 3 },
  issues: [{ n: 1, by: PERSON, at: '2026-11-24T02:00:00Z', sha256: 'ab'.repeat(32), reason: null }],
} as unknown as Detail
const routes = ['/quality/returns', '/quality/returns/:id', '/cases/:id', '/quality/exercises', '/quality/exercises/:id', '/quality/actions'].map((path) => ({ path, name: path }))
const NO_ACTIONS = { '/api/quality/records/r1/actions': { actions: [], may_set: false, colleagues: [] } }
const sent = vi.fn()

async function show(page: Component, answers: Record<string, unknown>, path = '/x', at = path, role = 'expert') {
  return renderPage(defineComponent({ render: () => h('main', [h(page)]) }), { path, at, answers, roles: [role as never], routes })
}

beforeEach(() => {
  sent.mockReset()
  vi.spyOn(api, 'submission').mockImplementation((path) => ({ key: 'k', send: (body: unknown) => sent(path, body) }) as never)
})

describe('the board', () => {
  it('shows what is late first and begins a form', async () => {
    sent.mockResolvedValue(DETAIL)
    const { container } = await show(ObligationsPage, { '/api/quality/obligations': BOARD })
    expect(await screen.findByText('逾期 1 项，待办 0 项，已完成 1 项')).toBeTruthy()
    expect(screen.getByText('2026年12月')).toBeTruthy()
    expect(await axeViolations(container)).toEqual([])
    await userEvent.click(screen.getByRole('button', { name: '填报' }))
    expect(sent).toHaveBeenCalledWith('/api/quality/returns', { form: 'alliance_plan', period: '2026-12' })
  })

  it('leads nobody where they are refused', async () => {
    const links = () => screen.getAllByRole('link').map((link) => link.getAttribute('href'))
    await show(ObligationsPage, { '/api/quality/obligations': BOARD }, '/x', '/x', 'medical_affairs')
    expect(links()).toContain('/quality/returns')
    expect(links()).not.toContain('/quality/exercises')
    expect(links()).not.toContain('/quality/actions')
  })

  it('says where every rule was read', async () => {
    await show(ObligationsPage, { '/api/quality/obligations': BOARD })
    await userEvent.click(await screen.findByRole('button', { name: '规则与依据' }))
    expect(screen.getByText('蓟州区')).toBeTruthy()
    expect(screen.getByText(/上月 25 日前/)).toBeTruthy()
  })

  it('says that nothing is late', async () => {
    await show(ObligationsPage, { '/api/quality/obligations': { ...BOARD, late: 0, units: [] } })
    expect(await screen.findByText('没有应办事项')).toBeTruthy()
  })
})

describe('a return', () => {
  const answers = { '/api/quality/returns/r1': DETAIL, ...NO_ACTIONS }

  it('shows figures with what they rest on, and saves what was changed alone', async () => {
    sent.mockResolvedValue({ ...DETAIL, missing: ['works'] })
    const { container } = await show(ReturnPage, answers, '/quality/returns/:id', '/quality/returns/r1')
    expect(await screen.findByRole('link', { name: 'ZZ-1' })).toBeTruthy()
    expect(screen.getByText('还有 2 项必填内容未保存')).toBeTruthy()
    expect(await axeViolations(container)).toEqual([])
    await userEvent.type(screen.getByRole('textbox', { name: /本月重点/ }), '产后出血')
    await userEvent.type(screen.getByRole('spinbutton'), '4')
    await userEvent.keyboard('{Control>}s{/Control}')
    await waitFor(() => expect(sent).toHaveBeenCalledTimes(1))
    expect(sent).toHaveBeenCalledWith('/api/quality/returns/r1/statements', {
      version: 1, statements: [{ item: 'focus', text: '产后出血', points: 4 }],
    })
  })

  it('takes rows in and out', async () => {
    await show(ReturnPage, answers, '/quality/returns/:id', '/quality/returns/r1')
    await userEvent.click(await screen.findByRole('button', { name: '＋ 增加一行' }))
    expect(screen.getByRole('textbox', { name: '内容 1' })).toBeTruthy()
    await userEvent.click(screen.getByRole('button', { name: '删除第 1 行' }))
    expect(screen.getByText('尚未填写')).toBeTruthy()
  })

  it('is locked once handed in, and unlocked with a reason', async () => {
    sent.mockResolvedValue(DETAIL)
    const { container } = await show(ReturnPage, { '/api/quality/returns/r1': LOCKED, ...NO_ACTIONS }, '/quality/returns/:id', '/quality/returns/r1')
    expect(await screen.findByText('已提交并锁定')).toBeTruthy()
    expect(screen.queryByRole('textbox')).toBeNull()
    expect(await axeViolations(container)).toEqual([])
    await userEvent.click(screen.getByRole('button', { name: '解锁修改' }))
    await userEvent.type(screen.getByRole('textbox', { name: '解锁原因' }), '漏报')
    await userEvent.click(screen.getByRole('button', { name: '解锁修改' }))
    await waitFor(() => expect(sent).toHaveBeenCalledWith('/api/quality/returns/r1/reopen', { version: 3, reason: '漏报' }))
  })
})

it('lists returns and begins another one', async () => {
  sent.mockResolvedValue(DETAIL)
  const { container } = await show(ReturnsPage, { '/api/quality/returns': [RETURN], '/api/quality/forms': [FORM] })
  expect(await screen.findByRole('link', { name: '医联体月度工作计划' })).toBeTruthy()
  expect(await axeViolations(container)).toEqual([])
  await userEvent.selectOptions(screen.getByRole('combobox', { name: '表' }), 'alliance_plan')
  await userEvent.click(await screen.findByRole('button', { name: '填报' }))
  expect(sent).toHaveBeenCalledWith('/api/quality/returns', expect.objectContaining({ form: 'alliance_plan' }))
})

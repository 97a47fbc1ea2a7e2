import { screen, waitFor, within } from '@testing-library/vue'
import userEvent from '@testing-library/user-event'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { type Component, defineComponent, h } from 'vue'

import { api } from '@/api/client'
import { axeViolations, renderPage } from '@/testing/page'

import ActionsPage from './ActionsPage.vue'
import ExercisePage from './ExercisePage.vue'
import ExercisesPage from './ExercisesPage.vue'

const PERSON = { id: 'p', name: '许明', title: '主任医师' }
const HOUSE = { id: 'f', short_name: '临江县医院' }
const EXERCISE = {
  id: 'e1', kind: 'emergency', scenario: 'pph', title: '第四季度演练', facility: HOUSE, state: 'planned', planned_by: PERSON, planned_at: '2026-11-27T01:00:00Z',
  case_id: null, begun_at: null, ended_at: null, version: 1, mine: true, allowed: ['begin', 'cancel'],
}
const DETAIL = {
  exercise: EXERCISE, people: [], debrief: null, debriefed_by: null, debriefed_at: null, note: null, timings: null,
  candidates: [{ id: 'c1', number: 'R2611-00001', sent_at: '2026-11-27T01:05:00Z' }],
}
const TIMINGS = {
  milestones: [{ name: 'request', zh: '发出求助', en: 'Request', at: '2026-11-27T01:05:00Z', after_s: 0, late: false }],
  intervals: [{ name: 'request_to_accept', zh: '求助至接收', en: 'To acceptance', elapsed_s: 240, target_s: 180, met: false, to_be_verified: true }],
}
const OVER = {
  ...DETAIL, timings: TIMINGS, candidates: [],
  exercise: { ...EXERCISE, state: 'over', case_id: 'c1', begun_at: '2026-11-27T01:06:00Z', ended_at: '2026-11-27T01:40:00Z', version: 3, allowed: ['debrief'] },
}
const ACTION = {
  id: 'a1', record_id: 'e1', record: 'exercise', title: '第四季度演练', facility: HOUSE, what: '补充药品', owner: PERSON, due_on: '2026-12-01', late: false,
  state: 'open', set_by: PERSON, set_at: '2026-11-27T02:00:00Z', evidence: null, done_by: null, done_at: null, checked_by: null, checked_at: null, note: null,
  version: 1, allowed: ['done', 'drop'],
}
const ACTIONS = { actions: [ACTION], may_set: true, colleagues: [PERSON] }
const answers = {
  '/api/quality/exercises': [EXERCISE],
  '/api/quality/exercises/e1': DETAIL,
  '/api/quality/scenarios': { version: 'v', source: 's', scenarios: [{ code: 'pph', zh: '产后出血', en: 'PPH', to_be_verified: false }] },
  '/api/quality/records/e1/actions': ACTIONS,
  '/api/quality/actions': [ACTION],
}
const routes = ['/quality/exercises/:id', '/quality/returns/:id', '/cases/:id', '/referrals/new'].map((path) => ({ path, name: path }))
const sent = vi.fn()

async function show(page: Component, more: Record<string, unknown> = {}, path = '/x', at = path) {
  return renderPage(defineComponent({ render: () => h('main', [h(page)]) }), { path, at, answers: { ...answers, ...more }, roles: ['expert'], routes })
}
const one = (more: Record<string, unknown> = {}) => show(ExercisePage, more, '/quality/exercises/:id', '/quality/exercises/e1')

beforeEach(() => {
  sent.mockReset()
  localStorage.clear()
  vi.spyOn(api, 'submission').mockImplementation((path) => ({ key: 'k', send: (body: unknown) => sent(path, body) }) as never)
})

it('lists drills and plans another one', async () => {
  sent.mockResolvedValue(DETAIL)
  const { container } = await show(ExercisesPage)
  expect(await screen.findByRole('link', { name: '第四季度演练' })).toBeTruthy()
  await userEvent.click(screen.getByRole('button', { name: /安排演练/ }))
  expect(await axeViolations(container)).toEqual([])
  await userEvent.type(screen.getByRole('textbox', { name: '演练名称' }), '子痫演练')
  await userEvent.click(screen.getByRole('button', { name: '安排演练' }))
  expect(sent).toHaveBeenCalledWith('/api/quality/exercises', expect.objectContaining({ kind: 'emergency', scenario: 'pph', title: '子痫演练' }))
})

describe('a drill', () => {
  it('begins on a transfer that was sent as a drill', async () => {
    sent.mockResolvedValue(OVER)
    const { container } = await one()
    const begin = await screen.findByRole('button', { name: '开始演练' })
    expect((begin as HTMLButtonElement).disabled).toBe(true)
    expect(await axeViolations(container)).toEqual([])
    await userEvent.selectOptions(screen.getByRole('combobox'), 'c1')
    await userEvent.click(begin)
    expect(sent).toHaveBeenCalledWith('/api/quality/exercises/e1/begin', { version: 1, case_id: 'c1' })
  })

  it('says what to do where none was sent', async () => {
    await one({ '/api/quality/exercises/e1': { ...DETAIL, candidates: [] } })
    expect(await screen.findByRole('link', { name: /发出演练转诊/ })).toBeTruthy()
  })

  it('is debriefed with the timings of its events', async () => {
    sent.mockResolvedValue({ ...OVER, exercise: { ...OVER.exercise, state: 'debriefed', allowed: [] }, debrief: '偏慢', people: [] })
    const { container } = await one({ '/api/quality/exercises/e1': OVER })
    expect(await screen.findByText('求助至接收')).toBeTruthy()
    expect(screen.getByText(/未达到/)).toBeTruthy()
    expect(await axeViolations(container)).toEqual([])
    await userEvent.click(screen.getByRole('button', { name: '完成复盘' }))
    expect(screen.getByRole('alert').textContent).toContain('请填写')
    await userEvent.type(screen.getByRole('textbox', { name: '姓名 1' }), '甲')
    await userEvent.type(screen.getByRole('textbox', { name: '发现的问题与体会' }), '偏慢')
    await userEvent.click(screen.getByRole('button', { name: '完成复盘' }))
    await waitFor(() =>
      expect(sent).toHaveBeenCalledWith('/api/quality/exercises/e1/debrief', { version: 3, text: '偏慢', people: [{ name: '甲', post: '' }] }),
    )
  })
})

describe('actions', () => {
  it('are set by people of the house', async () => {
    sent.mockResolvedValue(ACTIONS)
    await one({ '/api/quality/exercises/e1': OVER })
    await userEvent.click(await screen.findByRole('button', { name: /增加措施/ }))
    await userEvent.type(screen.getByRole('textbox', { name: '要做什么' }), '演练复训')
    await userEvent.selectOptions(screen.getByRole('combobox', { name: '责任人' }), 'p')
    await userEvent.click(screen.getByRole('button', { name: '增加措施' }))
    await waitFor(() =>
      expect(sent).toHaveBeenCalledWith('/api/quality/records/e1/actions', expect.objectContaining({ what: '演练复训', owner_id: 'p' })),
    )
  })

  it('are done with evidence, from the list of open ones', async () => {
    sent.mockResolvedValue(ACTIONS)
    const { container } = await show(ActionsPage)
    const row = within(await screen.findByRole('listitem'))
    expect(await axeViolations(container)).toEqual([])
    await userEvent.click(row.getByRole('button', { name: '已完成' }))
    await userEvent.type(row.getByRole('textbox'), '已补充')
    await userEvent.click(row.getByRole('button', { name: '已完成' }))
    await waitFor(() => expect(sent).toHaveBeenCalledWith('/api/quality/actions/a1/done', { version: 1, evidence: '已补充' }))
  })

  it('say that none is open', async () => {
    await show(ActionsPage, { '/api/quality/actions': [] })
    expect(await screen.findByText('没有待办整改')).toBeTruthy()
  })
})

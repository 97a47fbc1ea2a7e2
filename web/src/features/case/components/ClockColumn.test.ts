import userEvent from '@testing-library/user-event'
import { screen, within } from '@testing-library/vue'
import { beforeEach, describe, expect, it, vi } from 'vitest'

import { api } from '@/api/client'
import type { Milestone, RunningClock } from '@/api/course'
import { axeViolations, renderPage } from '@/testing/page'

import { aClock, aPage, aReferral } from '../fixtures'
import CasePage from '../pages/CasePage.vue'

/** The server's time when the page opens: the session of `renderPage` says so. */
const OPENED = Date.parse('2026-11-22T03:07:41Z')
const ago = (minutes: number): string => new Date(OPENED - minutes * 60_000).toISOString()
const words = (zh: string) => ({ zh, en: zh })

function late(over: Partial<RunningClock> = {}): RunningClock {
  return {
    code: 'pph_to_x', set: 'pph', version: 1, name: words('识别→宫缩剂'), from_milestone: 'pph_recognised', to_milestone: 'first_dose_uterotonic',
    state: 'running', started_at: ago(12), stopped_at: null, elapsed_s: null, due_at: ago(2), overdue: true, late: false,
    target: { seconds: 600, text: words('10 分钟内'), source: '某共识', confidence: 'B', to_be_verified: true },
    breaches: [{ step: 0, who: 'bedside', at: ago(2) }], owner: null, delays: [], next_step_at: ago(-3), next_step_who: 'unit', ...over,
  }
}

const CATALOGUE = {
  milestones: [{ name: 'pph_recognised', words: words('识别产后出血'), by: 'midwife or doctor', manual: true }],
  delays: [{ code: 'blood_wait', words: words('等待血液'), text: false }, { code: 'other', words: words('其他'), text: true }],
  not_needed: [{ code: 'not_indicated', words: words('无指征'), text: false }],
  sets: [],
}
const SET = { code: 'pph', version: 1, name: words('产后出血'), keys: ['pph_recognised'], source: '某共识', confidence: 'B' as const, to_be_verified: true }

async function open(clocks: RunningClock[] = [late()], milestones: Milestone[] = []) {
  const prompt = { code: 'pph_blood', set: 'pph', words: words('已申请用血？'), ask_at: ago(1), records: 'blood_requested', to_be_verified: true }
  const clock = aClock({ sets: [SET], clocks, milestones, prompts: [prompt] })
  const page = await renderPage(CasePage, {
    path: '/cases/:id',
    at: '/cases/c1',
    answers: {
      '/api/referrals/c1': aReferral(), '/api/cases/c1/pages': [aPage()], '/api/cases/c1/clock': clock, '/api/cases/c1/advice': [],
      '/api/ctg/recordings': [], '/api/conditions': [], '/api/facilities': [], '/api/clocks': CATALOGUE,
    },
  })
  await screen.findByText('已申请用血？')
  return { ...page, column: screen.getByRole('region', { name: '绿色通道时钟' }) }
}

describe('the clock column', () => {
  const sent: { path: string; body: unknown }[] = []

  beforeEach(() => {
    sent.length = 0
    vi.spyOn(api, 'submission').mockImplementation((path, key) => {
      const send = (body: unknown) => {
        sent.push({ path, body })
        return Promise.resolve(aClock())
      }
      return { key: key ?? 'k', send } as never
    })
  })

  it('says in words what is late, by how much, who knows, who is next, and how sure the target is', async () => {
    const { column } = await open()
    expect(column.textContent).toContain('超时 02:0')
    expect(column.textContent).toContain('已提醒床旁人员')
    expect(column.textContent).toContain('将通知科室负责人')
    expect(column.textContent).toContain('待核实')
    expect(column.textContent).toContain('来源：某共识')
    expect(await axeViolations(column)).toEqual([])
  }, 20_000)

  it('answers a question with one press', async () => {
    const { column } = await open()
    await userEvent.setup().click(within(column).getByRole('button', { name: '已做' }))
    expect(sent).toEqual([{ path: '/api/cases/c1/clock/prompts', body: { prompt: 'pph_blood', answer: 'yes' } }])
  })

  it('asks why something is not needed, by code', async () => {
    const { column } = await open()
    const user = userEvent.setup()
    await user.click(within(column).getByRole('button', { name: '不需要…' }))
    await user.click(await within(column).findByRole('button', { name: '无指征' }))
    expect(sent).toEqual([{ path: '/api/cases/c1/clock/prompts', body: { prompt: 'pph_blood', answer: 'not_needed', code: 'not_indicated' } }])
  })

  it('takes an owner and a reason for the delay; the one that needs words asks for them', async () => {
    const { column } = await open()
    const user = userEvent.setup()
    await user.click(within(column).getByRole('button', { name: '说明延误原因…' }))
    await user.click(await within(column).findByRole('button', { name: '其他' }))
    await user.type(within(column).getByLabelText('请简要说明'), '停电')
    await user.click(within(column).getByRole('button', { name: '确认' }))
    expect(sent).toEqual([{ path: '/api/cases/c1/clock/delays', body: { interval: 'pph_to_x', code: 'other', note: '停电' } }])
  })

  it('lets go of the button once somebody owns the delay', async () => {
    const { column } = await open([late({ owner: { person: { id: 'p', name: '杜静禾', title: '', specialty: '', facility_id: 'f1' }, at: ago(1) } })])
    expect(within(column).queryByRole('button', { name: '我来负责' })).toBeNull()
    expect(column.textContent).toContain('杜静禾负责')
  })

  it('corrects a moment with a reason and a second person', async () => {
    const reached = {
      name: 'pph_recognised', words: words('识别产后出血'), seq: 7, at: ago(12), recv_at: ago(12), device_at: null, source: 'human', auto: false,
      late: false, amended: false, actor: null, facility: null, urgency_class: null, place: null, anaesthesia: null, undo_until: null,
    }
    const { column } = await open([late()], [reached])
    const user = userEvent.setup()
    await user.click(within(column).getByRole('button', { name: '更正：识别产后出血' }))
    const form = within(screen.getByRole('dialog'))
    await user.click(form.getByLabelText('没有发生，撤销这个节点'))
    await user.type(form.getByLabelText('更正理由'), '录错病例')
    await user.selectOptions(form.getByLabelText('核对人'), 'p2')
    await user.click(form.getByRole('button', { name: '记录更正' }))
    expect(sent).toEqual([{ path: '/api/cases/c1/events/7/amend', body: { reason: '录错病例', second_person_id: 'p2', withdrawn: true } }])
  }, 20_000)
})

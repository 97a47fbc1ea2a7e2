import userEvent from '@testing-library/user-event'
import { screen, waitFor, within } from '@testing-library/vue'
import { beforeEach, describe, expect, it, vi } from 'vitest'

import { api } from '@/api/client'
import type { CaseClock, RunningClock } from '@/api/course'
import { Problem } from '@/api/problem'
import { axeViolations, renderPage } from '@/testing/page'

import BigClockPage from './BigClockPage.vue'

const OPENED = Date.parse('2026-11-22T03:07:41Z')
const ago = (minutes: number): string => new Date(OPENED - minutes * 60_000).toISOString()
const words = (zh: string) => ({ zh, en: zh })
const KEYS = ['pph_recognised', 'first_dose_uterotonic', 'blood_requested']
const CATALOGUE = {
  milestones: [
    { name: 'pph_recognised', words: words('识别产后出血'), by: 'x', manual: true },
    { name: 'first_dose_uterotonic', words: words('宫缩剂首剂'), by: 'x', manual: true },
    { name: 'blood_requested', words: words('申请用血'), by: 'x', manual: true },
  ],
  delays: [], not_needed: [{ code: 'not_indicated', words: words('无指征'), text: false }], sets: [],
}
const LATE: RunningClock = {
  code: 'pph_to_x', set: 'pph', version: 1, name: words('识别→宫缩剂'), from_milestone: 'pph_recognised', to_milestone: 'first_dose_uterotonic',
  state: 'running', started_at: ago(12), stopped_at: null, elapsed_s: null, due_at: ago(2), overdue: true, late: false,
  target: { seconds: 600, text: words('10 分钟内'), source: '某共识', confidence: 'B', to_be_verified: true },
  breaches: [], owner: null, delays: [], next_step_at: null, next_step_who: null,
}

function aClock(over: Partial<CaseClock> = {}): CaseClock {
  return {
    case_id: 'c1', server_time: ago(0), ended: false, drill: true, demo: false, may_act: true,
    milestones: [{
      name: 'pph_recognised', words: words('识别产后出血'), seq: 4, at: ago(12), recv_at: ago(12), device_at: null, source: 'human', auto: false,
      late: false, amended: false, actor: null, facility: null, urgency_class: null, place: null, anaesthesia: null, undo_until: null,
    }],
    sets: [{ code: 'pph', version: 1, name: words('产后出血'), keys: KEYS, source: '某共识', confidence: 'B', to_be_verified: true }],
    clocks: [LATE],
    prompts: [{ code: 'pph_blood', set: 'pph', words: words('已申请用血？'), ask_at: ago(1), records: 'blood_requested', to_be_verified: true }],
    ...over,
  }
}

async function open(clock: unknown = aClock()) {
  const page = await renderPage(BigClockPage, {
    path: '/clock/:id',
    at: '/clock/c1',
    answers: { '/api/cases/c1/clock': clock, '/api/clocks': CATALOGUE, '/api/conditions': [], '/api/facilities': [] },
  })
  await screen.findByText('识别→宫缩剂').catch(() => null)
  return page
}

describe('the big clock', () => {
  const sent: { path: string; body: unknown }[] = []
  let fails: Problem | null = null

  beforeEach(() => {
    sent.length = 0
    fails = null
    localStorage.clear()
    vi.spyOn(api, 'submission').mockImplementation((path, key) => {
      const send = (body: unknown) => {
        sent.push({ path, body })
        return fails === null ? Promise.resolve(aClock()) : Promise.reject(fails)
      }
      return { key: key ?? 'k', send } as never
    })
  })

  it('says in words what is late and by how much, and is accessible', async () => {
    const { container } = await open()
    expect(container.textContent).toContain('超时 02:0')
    expect(container.textContent).toContain('演练')
    expect(await axeViolations(container)).toEqual([])
  }, 20_000)

  it('records with a number key and with the space bar', async () => {
    await open()
    const user = userEvent.setup()
    await user.keyboard('3')
    await user.keyboard(' ')
    await waitFor(() => expect(sent).toHaveLength(2))
    const path = '/api/referrals/c1/milestones'
    expect(sent).toEqual([{ path, body: { kind: 'blood_requested' } }, { path, body: { kind: 'first_dose_uterotonic' } }])
  })

  it('answers its question with Y, and takes on the delay with O', async () => {
    await open()
    const user = userEvent.setup()
    await user.keyboard('y')
    await user.keyboard('o')
    expect(sent).toEqual([
      { path: '/api/cases/c1/clock/prompts', body: { prompt: 'pph_blood', answer: 'yes' } },
      { path: '/api/cases/c1/clock/owners', body: { interval: 'pph_to_x' } },
    ])
  })

  it('works by touch as well and leaves the keyboard alone', async () => {
    await open()
    const user = userEvent.setup()
    const pad = screen.getByRole('region', { name: '时间节点按键' })
    await user.click(within(pad).getByRole('button', { name: /申请用血/ }))
    expect(sent).toHaveLength(1)
    expect(document.activeElement).toBe(document.body)
  })

  it('keeps a press that nobody answered, and says so', async () => {
    fails = Problem.from('network')
    await open()
    await userEvent.setup().keyboard('3')
    expect(await screen.findByText(/已保存在本机/)).toBeTruthy()
    expect(localStorage.getItem('ys.draft.clock.c1')).toContain('blood_requested')
  })

  it('records nothing for whoever only watches', async () => {
    await open(aClock({ may_act: false }))
    await userEvent.setup().keyboard('3')
    expect(sent).toEqual([])
    expect(screen.getByText('您可以查看，不能登记')).toBeTruthy()
  })
})

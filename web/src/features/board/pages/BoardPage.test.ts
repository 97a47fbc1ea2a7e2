import userEvent from '@testing-library/user-event'
import { waitFor } from '@testing-library/vue'
import { describe, expect, it, vi } from 'vitest'

import { api } from '@/api/client'
import { Problem } from '@/api/problem'
import { useLive } from '@/shared/live'
import { axeViolations, renderPage } from '@/testing/page'

import { aRow, anAction } from '../fixtures'
import BoardPage from './BoardPage.vue'

const counts = { to_act: 1, open: 2, moving: 1, closed_today: 5 }
const conditions = [{ code: 'pph', zh: '产后出血', en: 'Postpartum haemorrhage', subject: 'mother', acuity: 'resuscitation' }]

function board(...rows: ReturnType<typeof aRow>[]): Record<string, unknown> {
  return {
    '/api/referrals': { counts, rows, server_time: '2026-11-22T03:07:41Z' },
    '/api/conditions': conditions,
    '/api/facilities': [],
  }
}

const show = (answers: Record<string, unknown>) => renderPage(BoardPage, { path: '/board', answers })

describe('the board', () => {
  it('keeps the order of the server and says who, how long and who knows', async () => {
    const view = await show(board(aRow(), aRow({ id: 'c2', condition: 'pph', patient: { name_short: '王**', age: 31, gestation_days: 243 } })))
    const rows = await view.findAllByRole('article')
    expect(rows.map((row) => row.querySelector('b')?.textContent)).toHaveLength(2)
    expect(rows[0]?.textContent).toContain('李**')
    expect(rows[0]?.textContent).toContain('27岁')
    expect(rows[0]?.textContent).toContain('孕39⁺¹周')
    expect(rows[0]?.textContent).toContain('已呼 3 人')
    expect(rows[1]?.textContent).toContain('王**')
    expect(await view.findAllByText('产后出血')).not.toHaveLength(0)
  })

  it('has no accessibility violations', async () => {
    const view = await show(board(aRow({ allowed: [anAction('acknowledge', { primary: true })] }), aRow({ id: 'c2', drill: true, eta: '2026-11-22T04:00:00Z' })))
    await view.findAllByRole('article')
    expect(await axeViolations(view.container)).toEqual([])
  })

  it('says what will appear when there is nothing', async () => {
    const view = await show(board())
    expect(await view.findByText('目前没有与您有关的病例')).toBeTruthy()
  })

  it('says what happened when it could not be read, and tries again', async () => {
    const view = await show({ ...board(), '/api/referrals': new Problem({ code: 'kernel.internal' }, 500) })
    expect((await view.findByRole('alert')).textContent).toContain('kernel.internal')
    await userEvent.click(view.getByText('重试'))
    expect(view.get.mock.calls.filter(([path]) => path === '/api/referrals').length).toBeGreaterThan(1)
  })

  it('says that it is not live while the line is down', async () => {
    const view = await show(board(aRow()))
    await view.findAllByRole('article')
    useLive().link = { state: 'reconnecting', since: Date.now() }
    expect(await view.findByText(/列表不是实时的/)).toBeTruthy()
    useLive().link = { state: 'online', since: Date.now() }
    await waitFor(() => expect(view.queryByText(/列表不是实时的/)).toBeNull())
  })

  it('records an acknowledgement with the version it saw, and says so only afterwards', async () => {
    let answer: (row: unknown) => void = () => undefined
    const send = vi.fn(() => new Promise((done) => (answer = done)))
    vi.spyOn(api, 'submission').mockReturnValue({ key: 'k', send } as never)
    const view = await show(board(aRow({ allowed: [anAction('acknowledge', { primary: true })] })))
    await userEvent.click(await view.findByText('应答'))
    expect(send).toHaveBeenCalledWith({ version: 4 })
    expect(view.queryByText(/已记录/)).toBeNull()
    answer(aRow({ version: 5, allowed: [anAction('acknowledge', { primary: true })] }))
    expect(await view.findByText(/已记录/)).toBeTruthy()
  })

  it('names patient and consequence before a move that cannot be taken back', async () => {
    const send = vi.fn(() => Promise.resolve(aRow({ version: 5 })))
    vi.spyOn(api, 'submission').mockReturnValue({ key: 'k', send } as never)
    const view = await show(board(aRow({ allowed: [anAction('arrive', { machine: 'leg', primary: true })] })))
    await userEvent.click(await view.findByText('已到达'))
    expect(send).not.toHaveBeenCalled()
    const ask = view.getByRole('alertdialog')
    expect(ask.textContent).toContain('李** · 产后出血')
    await userEvent.click(ask.querySelector('button.primary') as HTMLElement)
    expect(send).toHaveBeenCalledOnce()
  })

  it('tells who was faster and shows what may be done now', async () => {
    const faster = new Problem({ code: 'referral.already_accepted', zh: { title: '已被其他单位接收', detail: '云江市一院 03:07 已接收。' } }, 409)
    vi.spyOn(api, 'submission').mockReturnValue({ key: 'k', send: () => Promise.reject(faster) } as never)
    const answers = board(aRow({ allowed: [anAction('acknowledge', { primary: true })] }))
    const view = await show(answers)
    const button = await view.findByText('应答')
    answers['/api/referrals'] = { counts, rows: [aRow({ version: 6, state: 'committed' })], server_time: '' }
    await userEvent.click(button)
    expect((await view.findByRole('alert')).textContent).toContain('云江市一院 03:07 已接收。')
    expect(await view.findByText('已确定去向')).toBeTruthy()
    expect(view.queryByText('应答')).toBeNull()
  })

  it('opens the case page with the action where fields are needed', async () => {
    const view = await show(board(aRow({ allowed: [anAction('ask', { needs: ['question'] })] })))
    await userEvent.click(await view.findByText('询问…'))
    await waitFor(() => expect(view.router.currentRoute.value.fullPath).toBe('/cases/c1?act=offer.ask&target=o1'))
  })

  it('walks by j and k, opens by Enter, starts by n', async () => {
    const view = await show(board(aRow(), aRow({ id: 'c2' })))
    const rows = await view.findAllByRole('article')
    await userEvent.keyboard('jj')
    await waitFor(() => expect(document.activeElement).toBe(rows[1]))
    await userEvent.keyboard('{Enter}')
    await waitFor(() => expect(view.router.currentRoute.value.path).toBe('/cases/c2'))
    await view.router.push('/board')
    await userEvent.keyboard('n')
    await waitFor(() => expect(view.router.currentRoute.value.name).toBe('new-referral'))
  })
})

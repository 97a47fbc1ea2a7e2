import { render, screen, waitFor } from '@testing-library/vue'
import userEvent from '@testing-library/user-event'
import { createPinia } from 'pinia'
import { afterEach, describe, expect, it, vi } from 'vitest'

import { api } from '@/api/client'
import { Problem } from '@/api/problem'
import { i18n } from '@/shared/i18n'
import { axeViolations } from '@/testing/page'

import { marksOf } from '../chartNotes'
import type { ChartNote, ChartNotes, ControlChart, Definition } from '../types'
import ControlPlot from './ControlPlot.vue'
import WrittenNotes from './WrittenNotes.vue'

const note = (id: string, month: string, text: string, change: Partial<ChartNote> = {}): ChartNote => ({
  id, month, text, place: { kind: 'facility', id: 'h', name: '县妇保' }, written_by: { id: 'p', name: '测试甲', title: '' }, written_at: '2026-06-01T02:00:00Z', may_withdraw: false, ...change,
})
const NOTES = [
  note('a', '2026-03', '新病房启用', { may_withdraw: true }),
  note('b', '2026-05', '血站改为 24 小时', { place: { kind: 'region', id: 'r', name: '云江市' } }),
  note('c', '2026-05', '新增一辆救护车'),
]
const shown: ChartNotes = { notes: NOTES, places: [{ kind: 'facility', id: 'h', name: '县妇保' }] }
const PATH = '/api/quality/indicators/ddi/notes'

function show(notes: ChartNotes | null, problem: Problem | null = null) {
  return render(WrittenNotes, { props: { code: 'ddi', months: ['2026-03', '2026-04', '2026-05'], notes, problem }, global: { plugins: [createPinia(), i18n] } })
}

/** What is sent, by address; `answer` says what comes back. */
function sending(answer: () => Promise<unknown>) {
  const send = vi.fn<(body: unknown) => Promise<unknown>>(answer)
  const to = vi.spyOn(api, 'submission').mockImplementation(() => ({ key: 'k', send }) as unknown as ReturnType<typeof api.submission>)
  return { send, to }
}

afterEach(() => vi.restoreAllMocks())

describe('written notes', () => {
  it('stand in a list with house or region and author, under the numbers of their marks', async () => {
    const { container } = show(shown)
    const rows = screen.getAllByRole('listitem').map((one) => one.textContent)
    expect(rows).toHaveLength(3)
    expect(rows[1]).toContain('血站改为 24 小时')
    expect(rows[1]).toContain('云江市 · 测试甲')
    expect(await axeViolations(container)).toEqual([])
    const marks = marksOf(NOTES)
    expect([...marks].map(([month, one]) => [month, one.label])).toEqual([['2026-03', '1'], ['2026-05', '2+']])
    const points = ['2026-03', '2026-04', '2026-05'].map((month) => ({ month, n: 9, value: 3, low: null, high: null, signal: null }))
    const chart = { kind: 'p', centre: null, points, rule: { text: { zh: '', en: '' }, source: '', to_be_verified: false } } as ControlChart
    const plot = render(ControlPlot, { props: { chart, definition: { unit: 'percent', baseline: null } as Definition, marks }, global: { plugins: [i18n] } })
    const drawn = [...plot.container.querySelectorAll('.mark')]
    expect(drawn.map((one) => one.querySelector('text')?.textContent)).toEqual(['1', '2+'])
    expect(drawn[1]?.querySelector('title')?.textContent).toBe('2. 血站改为 24 小时 (云江市)\n3. 新增一辆救护车 (县妇保)')
  })

  it('are written for a month and a place, and say why not', async () => {
    const { send, to } = sending(() => Promise.resolve({ id: 'n' }))
    const { emitted } = show(shown)
    await userEvent.click(screen.getByRole('button', { name: '添加图注' }))
    expect(screen.getByText(/请勿填写患者姓名/)).toBeTruthy()
    await userEvent.selectOptions(screen.getByLabelText('月份'), '2026-04')
    await userEvent.type(screen.getByLabelText('说明'), '新规程')
    expect(screen.getByText('3/200')).toBeTruthy()
    await userEvent.click(screen.getByRole('button', { name: '保存图注' }))
    await waitFor(() => expect(emitted('changed')).toHaveLength(1))
    expect(send).toHaveBeenCalledWith({ month: '2026-04-01', text: '新规程', facility_id: 'h' })
    expect(to.mock.calls[0]?.[0]).toBe(PATH)
    send.mockImplementation(() => Promise.reject(new Problem({ code: 'notes.month_to_come', title: '这个月还没有开始' }, 422)))
    await userEvent.click(screen.getByRole('button', { name: '添加图注' }))
    await userEvent.type(screen.getByLabelText('说明'), '一')
    await userEvent.click(screen.getByRole('button', { name: '保存图注' }))
    expect(await screen.findByText(/这个月还没有开始/)).toBeTruthy()
    expect(emitted('changed')).toHaveLength(1)
  })

  it('are withdrawn on the second press, by who may', async () => {
    const { to } = sending(() => Promise.resolve(undefined))
    const { emitted } = show(shown)
    const buttons = screen.getAllByRole('button', { name: /撤回图注/ })
    expect(buttons).toHaveLength(1)
    await userEvent.click(buttons[0] as HTMLElement)
    expect(emitted('changed')).toBeUndefined()
    await userEvent.click(screen.getByRole('button', { name: '确定撤回' }))
    await waitFor(() => expect(emitted('changed')).toHaveLength(1))
    expect(to.mock.calls.at(-1)?.[0]).toBe(`${PATH}/a/withdraw`)
  })

  it('offer no form to who only reads, and say when they cannot be read', () => {
    show({ notes: NOTES, places: [] })
    expect(screen.queryByRole('button', { name: '添加图注' })).toBeNull()
    show(null, new Problem({ code: 'x', title: '暂时读不到' }, 503))
    expect(screen.getByText(/暂时读不到/)).toBeTruthy()
  })
})

import userEvent from '@testing-library/user-event'
import { describe, expect, it, vi } from 'vitest'

import { api } from '@/api/client'
import { Problem } from '@/api/problem'
import { axeViolations, renderPage } from '@/testing/page'

import { aChange, aShift } from '../fixtures'
import ChangesPage from './ChangesPage.vue'
import FairnessPage from './FairnessPage.vue'
import HandoversPage from './HandoversPage.vue'
import TakeOverPage from './TakeOverPage.vue'

const ROUTES = ['roster-changes', 'roster-takeover', 'roster-handovers', 'roster-approvals', 'roster-fairness'].map((name) => ({ path: `/${name}`, name }))
const ann = { id: 'ann', name: '林晓岚', title: '主任医师' }
const bea = { id: 'bea', name: '苏云舒', title: '副主任医师' }
const handover = {
  id: 'h1', group: '专家组', specialty: 'obstetrics', tier: 'first', at: '2026-11-26T00:00:00Z', outgoing: ann, incoming: bea,
  state: 'open', holds: true, side: 'incoming', overdue: false, alarm_at: '2026-11-26T00:15:00Z',
  cases: [{ case_id: 'c1', number: 'R2611-00003', state: 'open', acuity: 'critical', opened_at: '2026-11-25T23:00:00Z', pages: 1 }],
  notes: [{ person: ann, case_id: null, text: '血已备 4 U', at: '2026-11-25T23:50:00Z' }],
  ended_by: null, ended_at: null, end_note: null, actions: ['accept'], confidence: '待核实',
}
const row = { person: ann, shifts: 4, hours: 96, nights: 4, night_hours: 40, weekend_hours: 24, holiday_hours: 0, points: 142, share: 1.25 }
const report = { facility_id: 'f1', from: '', to: '', groups: [{ id: 'g1', name: '专家组' }], rows: [row], shifts: [], unknown_years: [2027], weights_version: 'w1', source: 'test', confidence: '待核实' }
const answers = {
  '/api/duty/my-shifts': [{ shift: aShift(), running: false, change_id: null }],
  '/api/duty/changes': [aChange({ actions: ['accept', 'refuse'] })],
  '/api/duty/takeovers': [{ shift: aShift(), person: ann, obstacle: null }, { shift: aShift({ shift_id: 's2' }), person: bea, obstacle: 'duty.person_busy' }],
  '/api/duty/handovers': [handover],
  '/api/duty/fairness': report,
}
const show = (page: object, over: Record<string, unknown> = {}) => renderPage(page, { path: '/here', answers: { ...answers, ...over }, routes: ROUTES })

describe('my changes', () => {
  it('puts what waits for my answer first and sends it with the version that I read', async () => {
    const post = vi.spyOn(api, 'post').mockResolvedValue({})
    const view = await show(ChangesPage)
    await userEvent.click(await view.findByRole('button', { name: '同意' }))
    expect(post).toHaveBeenCalledWith('/api/duty/changes/c1/accept', { rev: 1, option: 1 })
  })

  it('says what will appear when there is nothing', async () => {
    const view = await show(ChangesPage, { '/api/duty/my-shifts': [], '/api/duty/changes': [] })
    expect(await view.findByText('近期没有您的班次')).toBeTruthy()
    expect(view.getByText('没有换班申请')).toBeTruthy()
  })
})

describe('taking over now', () => {
  it('offers it where nothing speaks against it and says why not elsewhere', async () => {
    const view = await show(TakeOverPage)
    expect(await view.findAllByRole('button', { name: '立即接替' })).toHaveLength(1)
    expect(view.getByText('该时段已有班')).toBeTruthy()
  })
})

describe('a handover', () => {
  it('says who still rings and acknowledges the cases that were shown', async () => {
    const post = vi.spyOn(api, 'post').mockResolvedValue({})
    const view = await show(HandoversPage)
    expect(await view.findByText(/林晓岚 仍会被呼叫/)).toBeTruthy()
    await userEvent.click(view.getByRole('button', { name: '已看过，确认接班' }))
    expect(post).toHaveBeenCalledWith('/api/duty/handovers/h1/accept', { case_ids: ['c1'] })
  })

  it('keeps the page and says what went wrong', async () => {
    const view = await show(HandoversPage, { '/api/duty/handovers': Problem.from('network') })
    expect(await view.findByRole('button', { name: '重试' })).toBeTruthy()
  })
})

describe('the workload', () => {
  it('shows numbers, the share of the average and the years without holidays', async () => {
    const view = await show(FairnessPage)
    expect(await view.findByText('×1.25')).toBeTruthy()
    expect(view.getByText(/2027 年的节假日尚未录入/)).toBeTruthy()
  })
})

describe('all pages', () => {
  it.each([ChangesPage, TakeOverPage, HandoversPage, FairnessPage])('have no accessibility violations', async (page) => {
    const view = await show(page)
    await view.findByRole('heading', { level: 1 })
    expect(await axeViolations(view.container)).toEqual([])
  })
})

import userEvent from '@testing-library/user-event'
import { describe, expect, it, vi } from 'vitest'

import { api } from '@/api/client'
import { useSession } from '@/shared/session'
import { aMe, axeViolations, renderPage } from '@/testing/page'

import DrillPage from './DrillPage.vue'
import DrillsPage from './DrillsPage.vue'

const tally = { people: 3, answered: 2, excused: 0, timed: 3, prompt: 2, median_s: 41.2, few: true }
const person = { title: '副主任医师', tier: 'first', specialty: 'obstetrics', route: 'voice', channels: ['in_app', 'voice'], decline_reason: null, excuse: null }
const drill = {
  id: 'd1', facility_id: 'f1', facility: '云江市妇幼', group: null, planned: true, answer_within_s: 300, started_at: '2026-11-22T03:00:00Z', ended_at: '2026-11-22T03:05:00Z',
  end_reason: 'time', tally, may_excuse: true,
  answers: [
    { ...person, person_id: 'p1', name: '苏云舒', state: 'acknowledged', seconds: 41.2 },
    { ...person, person_id: 'p2', name: '沈静禾', state: 'declined', seconds: 60, decline_reason: 'in_surgery' },
    { ...person, person_id: 'p3', name: '叶知夏', state: 'unreachable', seconds: null, route: null },
  ],
}
const answers = {
  '/api/duty/drills': [drill],
  '/api/duty/drills/d1': drill,
  '/api/duty/drills/league': [{ facility_id: 'f1', facility: '云江市妇幼', group: null, month: '2026-11-01', drills: 1, tally }],
  '/api/duty/drills/schedules': [{ id: 's1', region_id: 'r1', region: '云江市', per_month: 2, earliest: '08:00', latest: '21:00', weekends: false, answer_within_s: 300, created_at: '2026-11-01T03:00:00Z' }],
  '/api/regions': [{ id: 'r1', code: '1', name: '云江市', level: 'city', parent_id: null }, { id: 'r2', code: '2', name: '石桥县', level: 'county', parent_id: 'r1' }],
  '/api/duty/today': [],
  '/api/facilities': [],
  '/api/conditions': [],
}
const routes = [{ path: '/duty/drills', name: 'drills' }, { path: '/duty/drills/:id', name: 'drill' }]

describe('drills', () => {
  it('says who answered, after how long, over what, and who did not', async () => {
    const view = await renderPage(DrillPage, { path: '/duty/drills/:id', at: '/duty/drills/d1', answers, roles: ['coordinator'], routes })
    expect(await view.findByText(/41.2 秒/)).toBeTruthy()
    expect(view.getByText(/未答复/)).toBeTruthy()
    expect(view.getByText(/手术中/)).toBeTruthy()
    expect(await axeViolations(view.container)).toEqual([])
  })

  it('lets a colleague excuse whoever could not answer', async () => {
    const post = vi.spyOn(api, 'post').mockResolvedValue(drill)
    const view = await renderPage(DrillPage, { path: '/duty/drills/:id', at: '/duty/drills/d1', answers, roles: ['coordinator'], routes })
    await userEvent.click(await view.findByText('登记事由'))
    await userEvent.click(view.getByText('抢救中'))
    expect(post).toHaveBeenCalledWith('/api/duty/drills/d1/excuses/p3', { reason: 'with_patient' })
  })

  it('has a league table that warns of small numbers', async () => {
    const view = await renderPage(DrillsPage, { path: '/duty/drills', answers, roles: ['coordinator'], routes })
    expect(await view.findByText('样本少')).toBeTruthy()
    expect(view.getByText(/2 \/ 3（67%）/)).toBeTruthy()
    expect(view.getByText('立即演练')).toBeTruthy()
    expect(await axeViolations(view.container)).toEqual([])
  })

  it('lets a coordinator plan a region of hers by the month, and nobody end what is not theirs', async () => {
    const view = await renderPage(DrillsPage, { path: '/duty/drills', answers, roles: ['coordinator'], routes })
    expect(await view.findByText(/每院每月 2 次/)).toBeTruthy()
    expect(view.queryByText('停止计划')).toBeNull()
    useSession().accept({ ...aMe(['coordinator']), region_ids: ['r1'] })
    await userEvent.click(await view.findByText('设立每月计划'))
    const sent: unknown[] = []
    vi.spyOn(api, 'post').mockImplementation((path) => { sent.push(path); return Promise.resolve(undefined as never) })
    expect(view.getByRole('option', { name: '石桥县' })).toBeTruthy()
    expect(view.queryByRole('option', { name: '云江市' })).toBeNull()
    expect(await axeViolations(view.container)).toEqual([])
    await userEvent.click(view.getByText('停止计划'))
    expect(sent).toEqual([])
    await userEvent.click(view.getByText('确认停止'))
    expect(sent).toEqual(['/api/duty/drills/schedules/s1/end'])
  })
})

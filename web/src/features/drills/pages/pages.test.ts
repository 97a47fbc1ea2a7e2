import userEvent from '@testing-library/user-event'
import { describe, expect, it, vi } from 'vitest'

import { api } from '@/api/client'
import { axeViolations, renderPage } from '@/testing/page'

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
  '/api/duty/drills/schedules': [],
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
})

import userEvent from '@testing-library/user-event'
import { waitFor } from '@testing-library/vue'
import { describe, expect, it, vi } from 'vitest'

import { api } from '@/api/client'
import { Problem } from '@/api/problem'
import { useAlerts } from '@/shared/alerts/store'
import { axeViolations, renderPage } from '@/testing/page'
import { anEntry } from '@/shared/phones/fixtures'

import { aSlot } from '../fixtures'
import DutyPage from './DutyPage.vue'

const page = {
  id: 'page1',
  case_id: 'c1',
  reason: 'referral.offered',
  level: 'resuscitation',
  title: '抢救 产后出血',
  step: 0,
  created_at: '2026-11-22T03:00:00Z',
  targets: [],
  needs: [],
}
const answers = {
  '/api/duty/today': [
    {
      group: { id: 'g1', code: 'rescue', name: '急救专家组' },
      slots: [aSlot({ reach: { online: true, signed_on: true, last_seen_at: null } }), aSlot({ slot_id: 's2', tier: 'second', person: null, reach: null, until: null })],
    },
  ],
  '/api/duty/phone-list': { facility_id: 'f1', facility: '云江县妇幼保健院', at: '2026-11-22T03:00:00Z', entries: [anEntry({ label: '急救专线' })] },
  '/api/facilities': [],
  '/api/conditions': [],
  '/api/pages/mine': [page],
}
const show = (over: Record<string, unknown> = {}) => renderPage(DutyPage, { path: '/duty', answers: { ...answers, ...over }, routes: [{ path: '/roster', name: 'roster' }] })

describe('today on duty', () => {
  it('says a gap in words and counts it', async () => {
    const view = await show()
    expect(await view.findByText(/缺岗：无人值班/)).toBeTruthy()
    expect(view.getByText(/空岗：/)).toBeTruthy()
    expect(view.getByText(/在线，可立即呼达/)).toBeTruthy()
  })

  it('has the phones one touch away', async () => {
    const view = await show()
    expect((await view.findByText('19900000001')).closest('a')?.getAttribute('href')).toBe('tel:19900000001')
  })

  it('lists the pages that wait for me and goes to the case once acknowledged', async () => {
    const send = vi.fn(() => Promise.resolve(page))
    const submission = vi.spyOn(api, 'submission').mockReturnValue({ key: 'k', send } as never)
    const view = await show()
    await useAlerts().refresh()
    await userEvent.click(await view.findByText('应答并打开'))
    expect(submission).toHaveBeenCalledWith('/api/pages/page1/acknowledge')
    await waitFor(() => expect(view.router.currentRoute.value.path).toBe('/cases/c1'))
  })

  it('asks for another facility when one is chosen', async () => {
    const unit = { id: 'f2', code: 'f2', name: '云江市第一人民医院', short_name: '云江市一院', tier: 'city', region_id: 'r', region_name: '', latitude: null, longitude: null, roles: [], contacts: [] }
    const view = await show({ '/api/facilities': [unit] })
    await view.findByText('云江市一院')
    await userEvent.selectOptions(view.getByLabelText('机构'), 'f2')
    await waitFor(() => expect(view.get.mock.calls.some(([path, query]) => path === '/api/duty/today' && query?.['facility_id'] === 'f2')).toBe(true))
  })

  it('still shows who is on call when the phones cannot be read', async () => {
    const view = await show({ '/api/duty/phone-list': new Problem({ code: 'kernel.forbidden' }, 403) })
    expect(await view.findByText('苏云舒')).toBeTruthy()
    expect(view.getByText('kernel.forbidden')).toBeTruthy()
  })

  it('has no accessibility violations', async () => {
    const view = await show()
    await view.findByText(/缺岗：无人值班/)
    expect(await axeViolations(view.container)).toEqual([])
  })
})

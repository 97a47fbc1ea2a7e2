import userEvent from '@testing-library/user-event'
import { describe, expect, it, vi } from 'vitest'

import { api } from '@/api/client'
import { axeViolations, renderPage } from '@/testing/page'

import { aCalendar } from '../fixtures'
import type { Feed } from '../types'
import FeedsPage from './FeedsPage.vue'

const feed: Feed = { id: 'feed1', kind: 'person', group_id: null, group_name: null, facility: null, label: '手机', created_at: '2027-01-20T00:00:00Z', last_used_at: null, revoked_at: null }
const answers = {
  '/api/duty/feeds': [feed],
  '/api/duty/groups': { facility_id: 'f1', groups: aCalendar().groups, may_edit: false, may_approve: false },
}
const routes = [
  { path: '/roster', name: 'roster' },
  { path: '/roster/plans', name: 'roster-plans' },
]
const show = (over: Record<string, unknown> = {}) =>
  renderPage(FeedsPage, { path: '/here', answers: { ...answers, ...over }, routes: [...routes, { path: '/roster/my-calendar', name: 'roster-feeds' }] })

describe('my calendars', () => {
  it('shows a new address once, to copy', async () => {
    const send = vi.fn(() => Promise.resolve({ id: 'feed2', feed: { ...feed, id: 'feed2' }, path: '/api/calendars/secret.ics' }))
    vi.spyOn(api, 'submission').mockReturnValue({ key: 'k', send } as never)
    const view = await show()
    await view.findByText('手机')
    await userEvent.selectOptions(view.getByLabelText('订阅内容'), 'g1')
    await userEvent.click(view.getByRole('button', { name: '生成链接' }))
    const address = (await view.findByLabelText('日历链接')) as HTMLInputElement
    expect(address.value).toBe(`${location.origin}/api/calendars/secret.ics`)
    expect(send).toHaveBeenCalledWith({ group_id: 'g1', label: '' })
    await userEvent.click(view.getByRole('button', { name: '完成' }))
    expect(view.queryByLabelText('日历链接')).toBeNull()
  })

  it('revokes', async () => {
    const post = vi.spyOn(api, 'post').mockResolvedValue([{ ...feed, revoked_at: '2027-01-21T00:00:00Z' }])
    const view = await show()
    await userEvent.click(await view.findByRole('button', { name: '停用' }))
    expect(post).toHaveBeenCalledWith('/api/duty/feeds/feed1/revoke')
    expect(await view.findByText('还没有日历订阅')).toBeTruthy()
    expect(view.getByText('另有 1 个已停用的订阅。')).toBeTruthy()
  })

  it('has no accessibility violations', async () => {
    const view = await show()
    await view.findByText('手机')
    expect(await axeViolations(view.container)).toEqual([])
  })
})

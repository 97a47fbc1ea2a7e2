import userEvent from '@testing-library/user-event'
import { describe, expect, it, vi } from 'vitest'

import { axeViolations, renderPage } from '@/testing/page'

import IncomingCall from './IncomingCall.vue'
import { useAlerts } from './store'

const page = { pageId: 'page1', caseId: 'c1', level: 'critical', reason: 'referral.offered', title: 'R2611-00061', step: 0, drill: false, createdAt: '2026-11-22T03:01:00Z', sender: '云江县妇保' }

async function show(alert = page) {
  const view = await renderPage({ components: { IncomingCall }, setup: () => ({ alert, answered: () => undefined }), template: '<IncomingCall :alert="alert" :more="1" :answered="answered" />' }, { path: '/', answers: {} })
  const answer = vi.spyOn(useAlerts(), 'answer').mockResolvedValue(null)
  return { ...view, answer }
}

describe('a page over the whole telephone', () => {
  it('says how urgent, which case, from where, and that there are more', async () => {
    const view = await show()
    expect(view.getByText('R2611-00061')).toBeTruthy()
    expect(view.getByText('来自 云江县妇保')).toBeTruthy()
    expect(view.getByText('另有 1 个呼叫')).toBeTruthy()
    expect(await axeViolations(view.container)).toEqual([])
  })

  it('carries the striped band while it is a drill, and only then', async () => {
    expect((await show()).queryByText('演练 · 非真实病例')).toBeNull()
    expect((await show({ ...page, drill: true })).getByText('演练 · 非真实病例')).toBeTruthy()
  })

  it('is answered by one touch, or by the key of the telephone call', async () => {
    const view = await show()
    await userEvent.click(view.getByRole('button', { name: /接听/ }))
    expect(view.answer).toHaveBeenLastCalledWith('page1', 'acknowledge', {})
    await userEvent.keyboard('3')
    expect(view.answer).toHaveBeenLastCalledWith('page1', 'pass-on', {})
  })

  it('asks why before it refuses', async () => {
    const view = await show()
    await userEvent.keyboard('2')
    expect(view.answer).not.toHaveBeenCalled()
    await userEvent.click(await view.findByRole('button', { name: /不在院内/ }))
    expect(view.answer).toHaveBeenLastCalledWith('page1', 'decline', { reason: 'off_site' })
  })
})

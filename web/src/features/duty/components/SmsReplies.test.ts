import { describe, expect, it } from 'vitest'

import type { Role } from '@/api/types'
import { axeViolations, renderPage } from '@/testing/page'

import SmsReplies from './SmsReplies.vue'


const reply = {
  id: 'r1',
  at: '2026-11-26T03:00:00Z',
  meaning: 'other',
  person: '林晓岚',
  text: '十分钟后到，先备血',
  page_id: 'p1',
  title: 'R2611-00002',
}
const show = (found: unknown, roles: Role[] = ['duty_desk']) =>
  renderPage(SmsReplies, { path: '/duty', answers: { '/api/duty/replies': found }, roles })

describe('text messages that came back', () => {
  it('shows who wrote what about which case', async () => {
    const view = await show([reply, { ...reply, id: 'r2', meaning: 'acknowledge', text: '1' }])
    expect(await view.findByText('十分钟后到，先备血')).toBeTruthy()
    expect(view.getAllByText('林晓岚')).toHaveLength(2)
    expect(view.getByText(/已代为应答/)).toBeTruthy()
    expect(await axeViolations(view.container)).toEqual([])
  })

  it('is not there where nobody wrote, and asks nothing for others', async () => {
    const quiet = await show([])
    expect(quiet.queryByText('短信回复')).toBeNull()
    const expert = await show([reply], ['expert'])
    expect(expert.queryByText('短信回复')).toBeNull()
  })
})

import userEvent from '@testing-library/user-event'
import { describe, expect, it, vi } from 'vitest'

import { api } from '@/api/client'
import { Problem } from '@/api/problem'
import { axeViolations, renderPage } from '@/testing/page'

import { aLink } from '../fixtures'
import LinkPage from './LinkPage.vue'

const show = () => renderPage(LinkPage, { path: '/a/:token', at: '/a/secret', answers: {} })

describe('the link in a message', () => {
  it('looks without answering, and answers by the button', async () => {
    const post = vi.spyOn(api, 'post').mockImplementation((path) => Promise.resolve(aLink(path.endsWith('answer') ? { state: 'mine' } : {}) as never))
    const view = await show()
    expect(await view.findByText('R2611-00061')).toBeTruthy()
    expect(post.mock.calls.map(([path]) => path)).toEqual(['/api/answer-links/look'])
    expect(await axeViolations(view.container)).toEqual([])
    await userEvent.click(view.getByRole('button', { name: '接听' }))
    expect(post).toHaveBeenLastCalledWith('/api/answer-links/answer', { token: 'secret' })
    expect(await view.findByText(/您已应答/)).toBeTruthy()
    expect(view.queryByRole('button', { name: '接听' })).toBeNull()
  })

  it('says that a link is over', async () => {
    vi.spyOn(api, 'post').mockRejectedValue(new Problem({ code: 'duty.answer_link_over' }, 410))
    const view = await show()
    expect(await view.findByText('duty.answer_link_over')).toBeTruthy()
  })
})

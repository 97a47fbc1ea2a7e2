import userEvent from '@testing-library/user-event'
import { describe, expect, it, vi } from 'vitest'

import { api } from '@/api/client'
import { Problem } from '@/api/problem'
import { axeViolations, renderPage } from '@/testing/page'

import DemoPage from './DemoPage.vue'

const answers = {
  '/api/demo': { title_zh: '演练: 产后出血转诊', title_en: 'Drill', origin: 'LJ001', receiver: 'YJ001', seconds: 420 },
  '/api/facilities': [{ id: 'f1', code: 'LJ001', name: '', short_name: '临江妇保', tier: 'county', region_id: '', region_name: '', latitude: null, longitude: null, roles: [], contacts: [] }],
  '/api/conditions': [],
}
const show = (over: Record<string, unknown> = {}) => renderPage(DemoPage, { path: '/demo', answers: { ...answers, ...over } })

describe('the drill', () => {
  it('says what will happen and who it comes from before it is started', async () => {
    const view = await show()
    expect(await view.findByText('演练: 产后出血转诊')).toBeTruthy()
    expect(await view.findByText(/临江妇保发出求助/)).toBeTruthy()
    expect(view.getByText(/全程约 7 分/)).toBeTruthy()
  })

  it('starts once, with or without made-up colleagues, and leads to the case', async () => {
    const send = vi.fn(() => Promise.resolve({ case_id: 'c7', autoplay: false }))
    vi.spyOn(api, 'submission').mockReturnValue({ key: 'k', send } as never)
    const view = await show()
    await userEvent.click(await view.findByRole('checkbox'))
    await userEvent.click(view.getByText('开始演练'))
    expect(send).toHaveBeenCalledWith({ autoplay: false })
    expect((await view.findByText('打开病例')).getAttribute('href')).toBe('/cases/c7')
  })

  it('is not offered where people are real', async () => {
    const view = await show({ '/api/demo': new Problem({ code: 'kernel.not_found' }, 404) })
    expect(await view.findByRole('alert')).toBeTruthy()
    expect(view.queryByText('开始演练')).toBeNull()
  })

  it('has no accessibility violations', async () => {
    const view = await show()
    await view.findByText('开始演练')
    expect(await axeViolations(view.container)).toEqual([])
  })
})

import { afterEach, expect, it, vi } from 'vitest'

import { api } from '@/api/client'
import { Problem } from '@/api/problem'
import { axeViolations, renderPage } from '@/testing/page'

import OutsidePage from './OutsidePage.vue'

const show = () => renderPage(OutsidePage, { path: '/outside', answers: {} })

afterEach(() => {
  location.hash = ''
  sessionStorage.clear()
})

it('says of a link that was cut short what to do, and nothing technical', async () => {
  location.hash = '#cut'
  vi.spyOn(api, 'post').mockRejectedValue(new Problem({ code: 'kernel.malformed' }, 400))
  const view = await show()
  expect(await view.findByRole('heading', { name: '链接不完整' })).toBeTruthy()
  expect(view.container.textContent).toContain('请电话联系发出链接的医院')
  expect(view.container.textContent).not.toContain('kernel.malformed')
  expect(await axeViolations(view.container)).toEqual([])
})

it('says of a link that is over whom to telephone', async () => {
  location.hash = `#${'a'.repeat(43)}`
  vi.spyOn(api, 'post').mockRejectedValue(new Problem({ code: 'referral.link_over' }, 410))
  const view = await show()
  expect(await view.findByRole('heading', { name: '链接已失效' })).toBeTruthy()
})

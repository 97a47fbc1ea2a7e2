import userEvent from '@testing-library/user-event'
import { render, screen, waitFor } from '@testing-library/vue'
import axe from 'axe-core'
import { createPinia } from 'pinia'
import { describe, expect, it, vi } from 'vitest'
import { createMemoryHistory, createRouter } from 'vue-router'

import { i18n } from '@/shared/i18n'
import { aBook } from '@/shared/phones/fixtures'
import { BOOK_PATH } from '@/shared/phones/held'

import LoginPage from './LoginPage.vue'

const ME = {
  account_id: 'a', person_id: 'p', name: '李青禾', title: '主治医师', roles: ['referring_clinician'],
  facility: null, facilities: [], region_ids: [], demo: true, on_duty: [], gateway_url: '',
  server_time: '2026-11-22T03:00:00Z', home: 'board',
}

async function open(answers: Record<string, () => Response>, at = '/login') {
  vi.stubGlobal('fetch', (path: string) => Promise.resolve(answers[path]?.() ?? new Response('{}', { status: 404 })))
  const blank = { template: '<p>in</p>' }
  const router = createRouter({
    history: createMemoryHistory(),
    routes: [
      { path: '/login', component: LoginPage },
      { path: '/', component: blank },
      { path: '/cases/:id', component: blank },
    ],
  })
  await router.push(at)
  const view = render({ template: '<router-view />' }, { global: { plugins: [router, i18n, createPinia()] } })
  return { router, view }
}

async function signIn(): Promise<void> {
  const user = userEvent.setup()
  await user.type(screen.getByLabelText('账号'), 'county1')
  await user.type(screen.getByLabelText('密码'), 'secret')
  await user.click(screen.getByRole('button', { name: '登录' }))
}

const json = (body: unknown, status = 200) => () => new Response(JSON.stringify(body), { status })

describe('LoginPage', () => {
  it('has no accessibility violations', async () => {
    const { view } = await open({ '/api/config': json({ demo: true }) })
    await screen.findByText(/演示/)
    const results = await axe.run(view.container, { rules: { 'color-contrast': { enabled: false } } })
    expect(results.violations.map((v) => [v.id, v.nodes.map((n) => n.html)])).toEqual([])
  })

  it('goes back to where the session expired', async () => {
    const { router } = await open({ '/api/login': json(ME) }, '/login?next=/cases/7&expired=1')
    expect(screen.getByText(/登录已过期/)).toBeTruthy()
    await signIn()
    await waitFor(() => expect(router.currentRoute.value.path).toBe('/cases/7'))
  })

  it('never follows an address from outside', async () => {
    const { router } = await open({ '/api/login': json(ME) }, '/login?next=//evil.example/')
    await signIn()
    await waitFor(() => expect(router.currentRoute.value.fullPath).toBe('/'))
  })

  it('shows the refusal in the server’s words, with its code', async () => {
    await open({
      '/api/login': json({ code: 'auth.wrong', status: 401, zh: { title: '账号或密码不对', detail: '请核对后再试。' } }, 401),
    })
    await signIn()
    expect(await screen.findByText(/账号或密码不对/)).toBeTruthy()
    expect(screen.getByText('auth.wrong')).toBeTruthy()
  })

  it('asks for the telephones only when nothing answers', async () => {
    const asked = vi.fn(json({}, 401))
    await open({ '/api/config': json({ demo: true }), [BOOK_PATH]: asked })
    await screen.findByText(/演示/)
    expect(asked).not.toHaveBeenCalled()
    await open({ '/api/config': json({}, 502), [BOOK_PATH]: json(aBook()) })
    expect(await screen.findByText(/服务器没有响应/)).toBeTruthy()
    expect(screen.getByText('19900000002')).toBeTruthy()
  })
})

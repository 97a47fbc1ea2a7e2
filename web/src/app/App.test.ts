import { render, screen } from '@testing-library/vue'
import { createPinia, setActivePinia } from 'pinia'
import { expect, it, vi } from 'vitest'
import { defineComponent, h } from 'vue'
import { createMemoryHistory, createRouter, useRoute } from 'vue-router'

import { api } from '@/api/client'
import { i18n } from '@/shared/i18n'
import { aBook } from '@/shared/phones/fixtures'
import { BOOK_PATH } from '@/shared/phones/held'
import { useSession } from '@/shared/session'
import { aMe } from '@/testing/page'

import App from './App.vue'
import { navItems } from './router'

/** Reads its case once, as the real page does. */
const CaseProbe = defineComponent(() => {
  const id = String(useRoute().params['id'])
  return () => h('p', `case ${id}`)
})

it('shows the next case when a page leads there from another case', async () => {
  const pinia = createPinia()
  setActivePinia(pinia)
  useSession().accept(aMe(['expert']))
  vi.spyOn(api, 'get').mockImplementation((path) => Promise.resolve(path === BOOK_PATH ? aBook() : []))
  vi.stubGlobal('WebSocket', class { close(): void {} send(): void {} })
  const blank = { render: () => null }
  const router = createRouter({
    history: createMemoryHistory(),
    routes: [
      { path: '/cases/:id', component: CaseProbe },
      ...navItems.map((item) => ({ path: `/menu/${item.to}`, name: item.to, component: blank })),
      { path: '/:rest(.*)*', component: blank },
    ],
  })
  await router.push('/cases/a')
  const view = render(App, { global: { plugins: [pinia, i18n, router] } })
  expect(await screen.findByText('case a')).toBeTruthy()
  await router.push('/cases/b')
  expect(await screen.findByText('case b')).toBeTruthy()
  expect(screen.queryByText('case a')).toBeNull()
  view.unmount()
})

it('tells a crew with nothing but its link that paging is impaired', async () => {
  const pinia = createPinia()
  setActivePinia(pinia)
  const health = { status: 'impaired', watched: true, vitals: null, signs: [{ sign: 'engine_silent', severity: 'alarm', value: 12, channel: null, since: null }] }
  vi.spyOn(api, 'get').mockImplementation((path) => Promise.resolve(path === '/api/health/paging' ? health : []))
  const router = createRouter({ history: createMemoryHistory(), routes: [{ path: '/crew', component: { render: () => null }, meta: { open: true, bare: true, paging: true } }] })
  await router.push('/crew')
  const view = render(App, { global: { plugins: [pinia, i18n, router] } })
  expect((await screen.findByRole('alert')).textContent).toContain('呼叫系统受损')
  view.unmount()
})

it('shows that the first page is on its way', async () => {
  const pinia = createPinia()
  setActivePinia(pinia)
  useSession().accept(aMe(['expert']))
  vi.spyOn(api, 'get').mockImplementation((path) => Promise.resolve(path === BOOK_PATH ? aBook() : []))
  vi.stubGlobal('WebSocket', class { close(): void {} send(): void {} })
  let arrive: (page: object) => void = () => undefined
  const late = new Promise<object>((resolve) => (arrive = resolve))
  const history = createMemoryHistory()
  history.replace('/late')
  const router = createRouter({
    history,
    routes: [{ path: '/late', component: () => late as never }, ...navItems.map((item) => ({ path: `/menu/${item.to}`, name: item.to, component: CaseProbe }))],
  })
  const view = render(App, { global: { plugins: [pinia, i18n, router] } })
  expect(view.container.querySelector('main .blocks')).toBeTruthy()
  arrive({ render: () => h('p', 'here') })
  expect(await screen.findByText('here')).toBeTruthy()
  expect(view.container.querySelector('main .blocks')).toBeNull()
  view.unmount()
})

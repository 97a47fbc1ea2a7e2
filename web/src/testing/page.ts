/** Mounts a page as the application would: languages, stores, router, a session, canned answers. */
import { render, waitFor } from '@testing-library/vue'
import axe from 'axe-core'
import { createPinia, setActivePinia } from 'pinia'
import { vi } from 'vitest'
import type { Component } from 'vue'
import { type RouteRecordRaw, createMemoryHistory, createRouter } from 'vue-router'

import { api } from '@/api/client'
import { Problem } from '@/api/problem'
import type { Me, Role } from '@/api/types'
import { i18n } from '@/shared/i18n'
import { useSession } from '@/shared/session'

export interface PageOptions {
  path: string
  /** Where to go, when the path has parameters. */
  at?: string
  /** Answers of GET by path without the query; a function gets the query. A Problem is thrown. */
  answers: Record<string, unknown>
  roles?: Role[]
  /** Other places the page links to. */
  routes?: { path: string; name: string }[]
}

const blank = { render: () => null }

export function aMe(roles: Role[] = ['referring_clinician', 'expert']): Me {
  return {
    account_id: 'account-1',
    person_id: 'person-1',
    name: '林静禾',
    title: '副主任医师',
    roles,
    facility: { id: 'f1', name: '云江县妇幼保健院', short_name: '云江县妇保', tier: 'county' },
    facilities: [],
    region_ids: [],
    demo: true,
    must_change_password: false,
    on_duty: [],
    gateway_url: '',
    server_time: '2026-11-22T03:07:41Z',
    home: 'board',
  }
}

export async function renderPage(page: Component, options: PageOptions) {
  const pinia = createPinia()
  setActivePinia(pinia)
  useSession().accept(aMe(options.roles))
  const get = vi.spyOn(api, 'get').mockImplementation((path, query) => {
    const answer = options.answers[path]
    if (answer instanceof Problem) return Promise.reject(answer)
    if (answer === undefined) return Promise.reject(new Problem({ code: 'kernel.not_found' }, 404))
    return Promise.resolve(typeof answer === 'function' ? answer(query) : answer)
  })
  const routes: RouteRecordRaw[] = [
    { path: options.path, component: page },
    { path: '/referrals/new', name: 'new-referral', component: blank },
    ...(options.routes ?? []).map((route) => ({ ...route, component: blank })),
    { path: '/:rest(.*)*', component: blank },
  ].filter((route, at, all) => all.findIndex((other) => other.path === route.path) === at)
  const router = createRouter({ history: createMemoryHistory(), routes })
  await router.push(options.at ?? options.path)
  const view = render({ template: '<router-view />' } as Component, {
    global: { plugins: [pinia, i18n, router] },
  })
  await router.isReady()
  await waitFor(() => undefined)
  return { ...view, router, get }
}

/** Violations as short lines, so that a failing test names them. */
export async function axeViolations(element: Element): Promise<string[]> {
  const { violations } = await axe.run(element, {
    // jsdom computes no layout, so contrast cannot be judged here; the screenshots are for that.
    rules: { 'color-contrast': { enabled: false }, region: { enabled: false } },
  })
  return violations.map((v) => `${v.id}: ${v.nodes.map((node) => node.html).join(' | ')}`)
}

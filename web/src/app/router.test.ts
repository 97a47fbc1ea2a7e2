import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, expect, it, vi } from 'vitest'
import { type Router, createMemoryHistory } from 'vue-router'

import { api } from '@/api/client'
import { Problem } from '@/api/problem'
import type { Me, Role } from '@/api/types'
import { menuOf } from '@/shared/navigation'
import { aMe } from '@/testing/page'

import { homeRoute, makeRouter, navItems } from './router'

/** A role, what the server calls its home, and the page it starts on. */
const STARTS: [Role, string, string][] = [
  ['referring_clinician', 'board', 'board'],
  ['expert', 'board', 'board'],
  ['coordinator', 'board', 'board'],
  ['duty_desk', 'duty', 'duty'],
  ['medical_affairs', 'roster', 'roster'],
  ['commission', 'quality', 'quality'],
  ['system_admin', 'system', 'system'],
  ['security_admin', 'system', 'system'],
  ['auditor', 'system', 'system'],
  ['crew', 'system', 'board'],
  ['special_population', 'system', 'special-population'],
]
const somebody = (role: Role, home: string): Me => ({ ...aMe([role]), home, demo: false })

/** The application's routes with nothing on their pages. */
function blankRouter(): Router {
  const router = makeRouter(createMemoryHistory())
  for (const route of router.getRoutes()) route.components = { default: { render: () => null } }
  return router
}

beforeEach(() => setActivePinia(createPinia()))

it.each(STARTS)('starts %s on a page that the menu offers, too', (role, home, start) => {
  const me = somebody(role, home)
  expect(homeRoute(me)).toBe(start)
  expect(menuOf(navItems, me).map((item) => item.to)).toContain(start)
})

it('has one entry per page for somebody with two roles', () => {
  const names = menuOf(navItems, aMe(['expert', 'coordinator', 'medical_affairs'])).map((item) => item.to)
  expect(new Set(names).size).toBe(names.length)
})

it('offers 医务科 the numbers of its house beside rounds, files and what is owed', () => {
  const names = menuOf(navItems, aMe(['medical_affairs'])).map((item) => item.to)
  expect(names).toEqual(expect.arrayContaining(['quality', 'rounds', 'imports', 'obligations']))
  expect(names).not.toContain('board')
})

it('waits for who is there before it leads on from a fresh load', async () => {
  vi.spyOn(api, 'get').mockResolvedValue(somebody('medical_affairs', 'roster'))
  const router = blankRouter()
  await router.push('/')
  expect(router.currentRoute.value.name).toBe('roster')
})

it('leads strangers from a fresh load to the login', async () => {
  vi.spyOn(api, 'get').mockRejectedValue(new Problem({ code: 'kernel.not_signed_in' }, 401))
  const router = blankRouter()
  await router.push('/')
  expect(router.currentRoute.value).toMatchObject({ name: 'login', query: {} })
})

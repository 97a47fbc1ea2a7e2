/** All pages: each feature brings a `routes.ts`; here only the guards and the fallbacks. */
import { type RouteRecordRaw, type Router, createRouter, createWebHistory } from 'vue-router'

import type { Me } from '@/api/types'
import { reportError } from '@/app/errors'
import { type Feature, type NavItem, menuOf } from '@/shared/navigation'
import { useSession } from '@/shared/session'

declare module 'vue-router' {
  interface RouteMeta {
    /** Reachable without a session. */
    open?: boolean
    /** Without menu and bars: wall, big clock. */
    bare?: boolean
    /** Without a session, and yet tells that paging is impaired: whoever is here acts on a case. */
    paging?: boolean
    /** i18n key for the tab's title. */
    title?: string
  }
}

const features = Object.values(
  import.meta.glob<Feature>('../features/*/routes.ts', { eager: true, import: 'feature' }),
)

export const navItems: NavItem[] = features.flatMap((f) => f.nav).sort((a, b) => a.order - b.order)

const fallbacks: RouteRecordRaw[] = [
  // Never shown: the guard leads on once it knows who is there, as a redirect could not.
  { path: '/', name: 'home', component: () => import('./NotFound.vue') },
  {
    path: '/:rest(.*)*',
    name: 'not-found',
    component: () => import('./NotFound.vue'),
    meta: { title: 'problem.status_404.title' },
  },
]

/** Where somebody starts: the page of their home, else the first that the menu offers them. */
export function homeRoute(me: Me | null): string {
  const offered = menuOf(navItems, me)
  return (offered.find((item) => item.home === me?.home) ?? offered[0])?.to ?? 'not-found'
}

export function makeRouter(history = createWebHistory()): Router {
  const router = createRouter({
    history,
    routes: [...features.flatMap((f) => f.routes), ...fallbacks],
    scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
  })
  router.beforeEach(async (to) => {
    if (to.meta.open) return true
    const session = useSession()
    if (!session.known) {
      try {
        await session.load()
      } catch (error) {
        reportError(error)
      }
    }
    if (session.me?.must_change_password && to.name !== 'password') return { name: 'password' }
    if (session.signedIn) return to.path === '/' ? { name: homeRoute(session.me) } : true
    return { name: 'login', query: to.fullPath === '/' ? {} : { next: to.fullPath } }
  })
  return router
}

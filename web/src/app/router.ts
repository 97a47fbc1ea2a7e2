/** All pages: each feature brings a `routes.ts`; here only the guards and the fallbacks. */
import { type RouteRecordRaw, type Router, createRouter, createWebHistory } from 'vue-router'

import { reportError } from '@/app/errors'
import type { Feature, NavItem } from '@/shared/navigation'
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
  { path: '/', name: 'home', redirect: () => ({ name: homeRoute(useSession().me?.home) }) },
  {
    path: '/:rest(.*)*',
    name: 'not-found',
    component: () => import('./NotFound.vue'),
    meta: { title: 'problem.status_404.title' },
  },
]

/** The route a role starts on; any menu entry when its own page is not part of this build. */
export function homeRoute(home: string | undefined): string {
  const wanted = navItems.find((item) => item.home === home) ?? navItems[0]
  return wanted?.to ?? 'not-found'
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
    if (session.signedIn) return to.path === '/' ? { name: homeRoute(session.me?.home) } : true
    return { name: 'login', query: to.fullPath === '/' ? {} : { next: to.fullPath } }
  })
  return router
}

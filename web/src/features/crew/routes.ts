import type { Feature } from '@/shared/navigation'

export const feature: Feature = {
  routes: [
    {
      path: '/crew',
      name: 'crew',
      component: () => import('./pages/CrewPage.vue'),
      // The link is the login: no session is asked for, and no menu leads here.
      meta: { title: 'crew.title', open: true, bare: true, paging: true },
    },
  ],
  nav: [],
}

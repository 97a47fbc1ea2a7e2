import type { Feature } from '@/shared/navigation'

export const feature: Feature = {
  routes: [
    {
      path: '/outside',
      name: 'outside',
      component: () => import('./pages/OutsidePage.vue'),
      // The link is the login: no session is asked for, and no menu leads here.
      meta: { title: 'outside.title', open: true, bare: true, paging: true },
    },
  ],
  nav: [],
}

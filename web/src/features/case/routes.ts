import type { Feature } from '@/shared/navigation'

export const feature: Feature = {
  routes: [
    {
      path: '/cases/:id',
      name: 'case',
      component: () => import('./pages/CasePage.vue'),
      meta: { title: 'case.title' },
    },
  ],
  nav: [],
}

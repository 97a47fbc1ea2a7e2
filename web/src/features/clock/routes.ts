import type { Feature } from '@/shared/navigation'

export const feature: Feature = {
  routes: [
    {
      path: '/clock/:id',
      name: 'big-clock',
      component: () => import('./pages/BigClockPage.vue'),
      meta: { bare: true, title: 'clock.title' },
    },
  ],
  nav: [],
}

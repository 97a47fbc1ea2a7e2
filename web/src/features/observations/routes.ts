import type { Feature } from '@/shared/navigation'

export const feature: Feature = {
  routes: [
    {
      path: '/pregnancies/:id/observations',
      name: 'observations',
      component: () => import('./pages/ObservationsPage.vue'),
      meta: { title: 'observations.title' },
    },
    {
      path: '/observations/try',
      name: 'observations-try',
      component: () => import('./pages/TryWarnings.vue'),
      meta: { title: 'observations.try.title' },
    },
  ],
  nav: [],
}

import type { Feature } from '@/shared/navigation'

export const feature: Feature = {
  routes: [
    {
      path: '/pregnancies/:id/observations',
      name: 'observations',
      component: () => import('./pages/ObservationsPage.vue'),
      meta: { title: 'observations.title' },
    },
  ],
  nav: [],
}

import type { Feature } from '@/shared/navigation'

export const feature: Feature = {
  routes: [
    {
      path: '/phones',
      name: 'phones',
      component: () => import('./pages/PhonesPage.vue'),
      // Reachable without a session: it then shows what this device holds, if the server is silent.
      meta: { open: true, title: 'phones.title' },
    },
  ],
  nav: [],
}

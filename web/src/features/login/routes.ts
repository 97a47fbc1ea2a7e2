import type { Feature } from '@/shared/navigation'

export const feature: Feature = {
  routes: [
    {
      path: '/login',
      name: 'login',
      component: () => import('./pages/LoginPage.vue'),
      meta: { open: true, title: 'login.title' },
    },
  ],
  nav: [],
}

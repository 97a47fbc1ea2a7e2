import type { Feature } from '@/shared/navigation'

export const feature: Feature = {
  routes: [
    {
      path: '/verify',
      name: 'verify',
      component: () => import('./pages/VerifyPage.vue'),
      meta: { open: true, title: 'paper.verify.title' },
    },
  ],
  nav: [],
}

import type { Feature } from '@/shared/navigation'

export const feature: Feature = {
  routes: [
    {
      path: '/demo',
      name: 'demo',
      component: () => import('./pages/DemoPage.vue'),
      meta: { title: 'demo.title' },
    },
  ],
  nav: [{ to: 'demo', label: 'demo.nav', mark: '▶', roles: 'any', order: 90, phone: true, demo: true }],
}

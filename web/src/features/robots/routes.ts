import type { Feature } from '@/shared/navigation'

export const feature: Feature = {
  routes: [
    {
      path: '/admin/robots',
      name: 'robots',
      component: () => import('./pages/RobotsPage.vue'),
      meta: { title: 'robots.title' },
    },
  ],
  nav: [{ to: 'robots', label: 'robots.nav', mark: '⌁', roles: ['system_admin'], order: 72, phone: true }],
}

import type { Feature } from '@/shared/navigation'

export const feature: Feature = {
  routes: [
    {
      path: '/system',
      name: 'system',
      component: () => import('./pages/HealthPage.vue'),
      meta: { title: 'health.title' },
    },
  ],
  nav: [
    {
      to: 'system',
      label: 'health.nav',
      mark: '⚙',
      roles: ['system_admin', 'security_admin', 'auditor', 'commission'],
      order: 60,
      phone: true,
      home: 'system',
    },
  ],
}

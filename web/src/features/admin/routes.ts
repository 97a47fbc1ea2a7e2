import type { Feature } from '@/shared/navigation'

export const feature: Feature = {
  routes: [
    {
      path: '/admin/accounts',
      name: 'accounts',
      component: () => import('./pages/AccountsPage.vue'),
      meta: { title: 'admin.title' },
    },
  ],
  nav: [
    {
      to: 'accounts',
      label: 'admin.nav',
      mark: '☰',
      roles: ['security_admin', 'system_admin', 'auditor'],
      order: 70,
      phone: true,
    },
  ],
}

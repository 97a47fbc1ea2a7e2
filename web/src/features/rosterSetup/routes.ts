import type { Feature } from '@/shared/navigation'

export const feature: Feature = {
  routes: [
    {
      path: '/duty/setup',
      name: 'roster-setup',
      component: () => import('./pages/RosterSetupPage.vue'),
      meta: { title: 'roster_setup.title' },
    },
  ],
  nav: [
    {
      to: 'roster-setup',
      group: 'duty',
      label: 'roster_setup.nav',
      mark: '⚙',
      roles: ['coordinator', 'duty_desk', 'medical_affairs'],
      order: 32,
      phone: false,
    },
  ],
}

import type { Feature } from '@/shared/navigation'

export const feature: Feature = {
  routes: [
    {
      path: '/duty/policies',
      name: 'policies',
      component: () => import('./pages/PolicyPage.vue'),
      meta: { title: 'policies.title' },
    },
  ],
  nav: [
    {
      to: 'policies',
      group: 'duty',
      label: 'policies.nav',
      mark: '⇡',
      roles: ['expert', 'coordinator', 'duty_desk'],
      order: 33,
      phone: false,
    },
  ],
}

import type { Feature } from '@/shared/navigation'

export const feature: Feature = {
  routes: [
    {
      path: '/duty',
      name: 'duty',
      component: () => import('./pages/DutyPage.vue'),
      meta: { title: 'duty.title' },
    },
  ],
  nav: [
    {
      to: 'duty',
      group: 'duty',
      label: 'duty.nav',
      mark: '☎',
      roles: ['referring_clinician', 'expert', 'coordinator', 'duty_desk', 'medical_affairs'],
      order: 30,
      phone: true,
      home: 'duty',
    },
  ],
}

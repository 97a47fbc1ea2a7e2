import type { Feature } from '@/shared/navigation'

export const feature: Feature = {
  routes: [
    {
      path: '/board',
      name: 'board',
      component: () => import('./pages/BoardPage.vue'),
      meta: { title: 'board.title' },
    },
  ],
  nav: [
    {
      to: 'board',
      label: 'board.nav',
      mark: '⇄',
      roles: ['referring_clinician', 'expert', 'coordinator', 'duty_desk', 'commission', 'auditor', 'crew'],
      order: 10,
      phone: true,
      home: 'board',
    },
  ],
}

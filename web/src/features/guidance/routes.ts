import type { Feature } from '@/shared/navigation'

export const feature: Feature = {
  routes: [
    { path: '/guidance', name: 'guidance', component: () => import('./pages/SessionsPage.vue'), meta: { title: 'guiding.title' } },
    { path: '/guidance/arrange', name: 'guidance-arrange', component: () => import('./pages/ArrangePage.vue'), meta: { title: 'guiding.arrange.title' } },
    { path: '/guidance/:id', name: 'guidance-session', component: () => import('./pages/SessionPage.vue'), meta: { title: 'guiding.title' } },
  ],
  nav: [
    {
      to: 'guidance',
      group: 'consult',
      label: 'guiding.nav',
      mark: '☏',
      roles: ['referring_clinician', 'expert', 'coordinator', 'duty_desk'],
      order: 18,
      phone: false,
    },
  ],
}

import type { Feature } from '@/shared/navigation'

export const feature: Feature = {
  routes: [
    { path: '/consults', name: 'consults', component: () => import('./pages/ConsultsPage.vue'), meta: { title: 'consults.title' } },
    { path: '/consults/ask', name: 'consult-ask', component: () => import('./pages/AskPage.vue'), meta: { title: 'consults.ask.title' } },
    { path: '/consults/:id', name: 'consult', component: () => import('./pages/ConsultPage.vue'), meta: { title: 'consults.title' } },
  ],
  nav: [
    {
      to: 'consults',
      group: 'consult',
      label: 'consults.nav',
      mark: '⚕',
      roles: ['referring_clinician', 'expert', 'coordinator', 'duty_desk'],
      order: 17,
      phone: false,
    },
  ],
}

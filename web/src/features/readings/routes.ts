import type { Feature } from '@/shared/navigation'

export const feature: Feature = {
  routes: [
    { path: '/ctg/readings', name: 'readings', component: () => import('./pages/ReadingsPage.vue'), meta: { title: 'readings.title' } },
    { path: '/ctg/readings/ask', name: 'reading-ask', component: () => import('./pages/AskPage.vue'), meta: { title: 'readings.ask.title' } },
    { path: '/ctg/reading-limits', name: 'reading-limits', component: () => import('./pages/TimeLimitsPage.vue'), meta: { title: 'readings.limits.title' } },
    { path: '/ctg/readings/:id', name: 'reading', component: () => import('./pages/ReadingPage.vue'), meta: { title: 'readings.title' } },
  ],
  nav: [
    {
      to: 'readings',
      group: 'ctg',
      label: 'readings.nav',
      mark: '✎',
      roles: ['referring_clinician', 'expert', 'coordinator', 'duty_desk'],
      order: 18,
      phone: false,
    },
    { to: 'reading-limits', group: 'ctg', label: 'readings.limits.nav', mark: '⊟', roles: ['coordinator', 'medical_affairs'], order: 74, phone: false },
  ],
}

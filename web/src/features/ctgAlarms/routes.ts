import type { Feature } from '@/shared/navigation'

export const feature: Feature = {
  routes: [
    { path: '/ctg/alarms', name: 'ctg-alarms', component: () => import('./pages/AlarmsPage.vue'), meta: { title: 'ctg_alarms.title' } },
    { path: '/ctg/alarm-limits', name: 'ctg-alarm-limits', component: () => import('./pages/LimitsPage.vue'), meta: { title: 'ctg_alarms.limits.title' } },
  ],
  nav: [
    {
      to: 'ctg-alarms',
      group: 'ctg',
      label: 'ctg_alarms.nav',
      mark: '△',
      roles: ['referring_clinician', 'expert', 'coordinator', 'duty_desk'],
      order: 17,
      phone: false,
    },
    { to: 'ctg-alarm-limits', group: 'ctg', label: 'ctg_alarms.limits.nav', mark: '⊟', roles: ['coordinator', 'medical_affairs'], order: 73, phone: false },
  ],
}

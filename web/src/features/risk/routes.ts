import type { Feature } from '@/shared/navigation'

export const feature: Feature = {
  routes: [
    {
      path: '/risk',
      name: 'risk',
      component: () => import('./pages/RiskHome.vue'),
      meta: { title: 'grading.nav' },
    },
    {
      path: '/risk/try',
      name: 'risk-try',
      component: () => import('./pages/TryRules.vue'),
      meta: { title: 'grading.try.title' },
    },
    {
      path: '/pregnancies/:id/risk',
      name: 'pregnancy-risk',
      component: () => import('./pages/PregnancyRisk.vue'),
      meta: { title: 'grading.title' },
    },
  ],
  nav: [
    {
      to: 'risk',
      label: 'grading.nav',
      mark: '◑',
      roles: ['referring_clinician', 'expert', 'coordinator', 'duty_desk'],
      order: 35,
      phone: false,
    },
  ],
}

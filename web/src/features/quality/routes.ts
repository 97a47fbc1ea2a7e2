import type { Feature } from '@/shared/navigation'

export const feature: Feature = {
  routes: [
    {
      path: '/quality',
      name: 'quality',
      component: () => import('./pages/QualityPage.vue'),
      meta: { title: 'quality.title' },
    },
    {
      path: '/quality/ddi',
      name: 'ddi',
      component: () => import('./pages/DdiPage.vue'),
      meta: { title: 'quality.ddi.title' },
    },
    {
      path: '/quality/definitions',
      name: 'handbook',
      component: () => import('./pages/HandbookPage.vue'),
      meta: { title: 'quality.handbook.title' },
    },
    {
      path: '/quality/imports',
      name: 'imports',
      component: () => import('./pages/ImportsPage.vue'),
      meta: { title: 'quality.imports.title' },
    },
    {
      path: '/quality/periods',
      name: 'periods',
      component: () => import('./pages/PeriodsPage.vue'),
      meta: { title: 'quality.periods.title' },
    },
    {
      path: '/quality/periods/:id',
      name: 'period',
      component: () => import('./pages/PeriodPage.vue'),
      meta: { title: 'quality.periods.difference' },
    },
    {
      path: '/quality/:code',
      name: 'indicator',
      component: () => import('./pages/IndicatorPage.vue'),
      meta: { title: 'quality.title' },
    },
  ],
  nav: [
    {
      to: 'quality',
      group: 'quality',
      label: 'quality.nav',
      mark: '▥',
      roles: ['referring_clinician', 'expert', 'coordinator', 'duty_desk', 'commission', 'auditor'],
      order: 40,
      phone: true,
      home: 'quality',
    },
    {
      to: 'handbook',
      label: 'quality.handbook.title',
      mark: '≡',
      roles: ['system_admin'],
      order: 72,
      phone: true,
    },
    {
      to: 'imports',
      group: 'quality',
      label: 'quality.imports.title',
      mark: '⇪',
      roles: ['coordinator', 'medical_affairs'],
      order: 73,
      phone: false,
    },
  ],
}

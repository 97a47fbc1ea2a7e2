import type { Feature } from '@/shared/navigation'

export const feature: Feature = {
  routes: [
    {
      path: '/case-files',
      name: 'case-files',
      component: () => import('./pages/CaseFilesPage.vue'),
      meta: { title: 'casefiles.title' },
    },
    {
      path: '/case-files/:id',
      name: 'case-file',
      component: () => import('./pages/CaseFilePage.vue'),
      meta: { title: 'casefiles.one' },
    },
    {
      path: '/special-population',
      name: 'special-population',
      component: () => import('./pages/SpecialPage.vue'),
      meta: { title: 'special.title' },
    },
  ],
  nav: [
    {
      to: 'case-files',
      label: 'casefiles.nav',
      mark: '▤',
      roles: ['referring_clinician', 'expert', 'coordinator', 'duty_desk', 'commission'],
      order: 20,
      phone: true,
    },
    {
      to: 'special-population',
      label: 'special.nav',
      mark: '◈',
      roles: ['special_population'],
      order: 60,
      phone: false,
    },
  ],
}

import type { Feature } from '@/shared/navigation'

export const feature: Feature = {
  routes: [
    { path: '/quality/obligations', name: 'obligations', component: () => import('./pages/ObligationsPage.vue'), meta: { title: 'obligations.title' } },
    { path: '/quality/returns', name: 'returns', component: () => import('./pages/ReturnsPage.vue'), meta: { title: 'obligations.returns.title' } },
    { path: '/quality/returns/:id', name: 'return', component: () => import('./pages/ReturnPage.vue'), meta: { title: 'obligations.returns.title' } },
  ],
  nav: [
    {
      to: 'obligations',
      group: 'quality',
      label: 'obligations.nav',
      mark: '☑',
      roles: ['referring_clinician', 'expert', 'coordinator', 'duty_desk', 'commission'],
      order: 42,
      phone: false,
    },
  ],
}

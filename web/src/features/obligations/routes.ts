import type { Feature } from '@/shared/navigation'

export const feature: Feature = {
  routes: [
    { path: '/quality/obligations', name: 'obligations', component: () => import('./pages/ObligationsPage.vue'), meta: { title: 'obligations.title' } },
    { path: '/quality/returns', name: 'returns', component: () => import('./pages/ReturnsPage.vue'), meta: { title: 'obligations.returns.title' } },
    { path: '/quality/returns/:id', name: 'return', component: () => import('./pages/ReturnPage.vue'), meta: { title: 'obligations.returns.title' } },
    { path: '/quality/exercises', name: 'exercises', component: () => import('./pages/ExercisesPage.vue'), meta: { title: 'exercises.title' } },
    { path: '/quality/exercises/:id', name: 'exercise', component: () => import('./pages/ExercisePage.vue'), meta: { title: 'exercises.title' } },
    { path: '/quality/actions', name: 'actions', component: () => import('./pages/ActionsPage.vue'), meta: { title: 'exercises.actions.open_ones' } },
  ],
  nav: [
    {
      to: 'obligations',
      group: 'quality',
      label: 'obligations.nav',
      mark: '☑',
      roles: ['referring_clinician', 'expert', 'coordinator', 'duty_desk', 'commission', 'medical_affairs'],
      order: 42,
      phone: false,
    },
  ],
}

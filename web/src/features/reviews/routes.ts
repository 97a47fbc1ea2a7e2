import type { Feature } from '@/shared/navigation'

export const feature: Feature = {
  routes: [
    { path: '/case-reviews', name: 'case-reviews', component: () => import('./pages/ReviewListPage.vue'), meta: { title: 'case_reviews.title' } },
    {
      path: '/case-reviews/statistics',
      name: 'review-statistics',
      component: () => import('./pages/StatisticsPage.vue'),
      meta: { title: 'case_reviews.statistics.title' },
    },
    { path: '/case-reviews/:id', name: 'case-review', component: () => import('./pages/ReviewPage.vue'), meta: { title: 'case_reviews.title' } },
  ],
  nav: [
    {
      to: 'case-reviews',
      group: 'quality',
      label: 'case_reviews.nav',
      mark: '⚖',
      roles: ['referring_clinician', 'expert', 'coordinator', 'duty_desk'],
      order: 43,
      phone: false,
    },
    {
      to: 'review-statistics',
      group: 'quality',
      label: 'case_reviews.statistics.nav',
      mark: '▤',
      roles: ['coordinator', 'commission'],
      order: 44,
      phone: false,
    },
  ],
}

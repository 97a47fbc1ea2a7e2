import type { Feature } from '@/shared/navigation'

export const feature: Feature = {
  routes: [
    {
      path: '/feedback',
      name: 'feedback',
      component: () => import('./pages/FeedbackPage.vue'),
      meta: { title: 'aftermath.feedback.title' },
    },
    {
      path: '/reviews',
      name: 'reviews',
      component: () => import('./pages/ReviewsPage.vue'),
      meta: { title: 'aftermath.reviews.title' },
    },
  ],
  nav: [
    {
      to: 'feedback',
      label: 'aftermath.nav',
      mark: '↩',
      roles: ['referring_clinician', 'expert', 'coordinator', 'duty_desk'],
      order: 32,
      phone: false,
    },
  ],
}

import type { Feature } from '@/shared/navigation'

export const feature: Feature = {
  routes: [
    {
      path: '/roster',
      name: 'roster',
      component: () => import('./pages/RosterPage.vue'),
      meta: { title: 'roster.title' },
    },
    {
      path: '/roster/plans',
      name: 'roster-plans',
      component: () => import('./pages/PlansPage.vue'),
      meta: { title: 'roster.plans.title' },
    },
    {
      path: '/roster/plans/:planId',
      name: 'roster-plan',
      component: () => import('./pages/PlanPage.vue'),
      props: true,
      meta: { title: 'roster.plan.title' },
    },
    {
      path: '/roster/my-calendar',
      name: 'roster-feeds',
      component: () => import('./pages/FeedsPage.vue'),
      meta: { title: 'roster.feeds.title' },
    },
  ],
  nav: [
    {
      to: 'roster',
      group: 'duty',
      label: 'roster.nav',
      mark: '▤',
      roles: ['referring_clinician', 'expert', 'coordinator', 'duty_desk'],
      order: 31,
      waiting: 'plans',
      // Clinicians come here from today's duty; their bottom bar is full.
      phone: false,
    },
    {
      to: 'roster',
      group: 'duty',
      label: 'roster.nav',
      mark: '▤',
      roles: ['medical_affairs'],
      order: 31,
      waiting: 'plans',
      phone: true,
      home: 'roster',
    },
  ],
}

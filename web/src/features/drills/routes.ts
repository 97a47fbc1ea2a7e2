import type { Feature } from '@/shared/navigation'

export const feature: Feature = {
  routes: [
    { path: '/duty/drills', name: 'drills', component: () => import('./pages/DrillsPage.vue'), meta: { title: 'drills.title' } },
    { path: '/duty/drills/:id', name: 'drill', component: () => import('./pages/DrillPage.vue'), meta: { title: 'drills.title' } },
  ],
  nav: [{ to: 'drills', group: 'duty', label: 'drills.nav', mark: '◔', roles: ['coordinator', 'commission', 'medical_affairs'], order: 34, phone: false }],
}

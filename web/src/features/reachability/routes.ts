import type { Feature } from '@/shared/navigation'

export const feature: Feature = {
  routes: [{ path: '/duty/reachability', name: 'reachability', component: () => import('./pages/ReachabilityPage.vue'), meta: { title: 'reachability.title' } }],
  nav: [{ to: 'reachability', group: 'duty', label: 'reachability.nav', mark: '◎', roles: ['coordinator', 'duty_desk', 'commission', 'medical_affairs'], order: 33, phone: false }],
}

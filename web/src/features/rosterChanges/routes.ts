import type { Feature } from '@/shared/navigation'

const PAGES = {
  changes: () => import('./pages/ChangesPage.vue'),
  takeover: () => import('./pages/TakeOverPage.vue'),
  handovers: () => import('./pages/HandoversPage.vue'),
  approvals: () => import('./pages/ApprovalsPage.vue'),
  fairness: () => import('./pages/FairnessPage.vue'),
}

export const feature: Feature = {
  routes: [
    { path: '/duty/changes', name: 'roster-changes', component: PAGES.changes, meta: { title: 'roster_changes.title' } },
    { path: '/duty/takeover', name: 'roster-takeover', component: PAGES.takeover, meta: { title: 'roster_changes.takeover.title' } },
    { path: '/duty/handovers', name: 'roster-handovers', component: PAGES.handovers, meta: { title: 'roster_changes.handover.title' } },
    { path: '/duty/approvals', name: 'roster-approvals', component: PAGES.approvals, meta: { title: 'roster_changes.approvals.title' } },
    { path: '/duty/fairness', name: 'roster-fairness', component: PAGES.fairness, meta: { title: 'roster_changes.fairness.title' } },
  ],
  nav: [
    {
      to: 'roster-changes',
      group: 'duty',
      label: 'roster_changes.nav',
      mark: '⇄',
      roles: ['referring_clinician', 'expert', 'coordinator', 'duty_desk'],
      order: 31,
      waiting: 'changes',
      phone: false,
    },
    {
      // 医务科 has no shifts of its own: what waits for its word is all there is.
      to: 'roster-approvals',
      group: 'duty',
      label: 'roster_changes.approvals.title',
      mark: '⇄',
      roles: ['medical_affairs'],
      order: 31,
      waiting: 'changes',
      phone: true,
    },
  ],
}

import type { Feature } from '@/shared/navigation'

const TAUGHT = ['referring_clinician', 'expert', 'coordinator', 'duty_desk', 'commission', 'medical_affairs'] as const

export const feature: Feature = {
  routes: [
    { path: '/training', name: 'training', component: () => import('./pages/CoursesPage.vue'), meta: { title: 'training.title' } },
    { path: '/training/new', name: 'course-new', component: () => import('./pages/EditPage.vue'), meta: { title: 'training.edit.new' } },
    { path: '/training/statistics', name: 'training-statistics', component: () => import('./pages/UnitsPage.vue'), meta: { title: 'training.units.title' } },
    { path: '/training/courses/:id', name: 'course', component: () => import('./pages/CoursePage.vue'), meta: { title: 'training.title' } },
    { path: '/training/courses/:id/edit', name: 'course-edit', component: () => import('./pages/EditPage.vue'), meta: { title: 'training.edit.title' } },
    { path: '/training/classes/:id', name: 'class', component: () => import('./pages/ClassPage.vue'), meta: { title: 'training.class.title' } },
  ],
  nav: [
    { to: 'training', label: 'training.nav', mark: '▤', roles: TAUGHT, order: 45, phone: false },
  ],
}

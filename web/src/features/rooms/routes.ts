import type { Feature } from '@/shared/navigation'

export const feature: Feature = {
  routes: [
    { path: '/consults/:id/room', name: 'room', component: () => import('./pages/RoomPage.vue'), meta: { title: 'rooms.title' } },
    { path: '/consults/:id/recordings', name: 'recordings', component: () => import('./pages/RecordingsPage.vue'), meta: { title: 'recordings.list' } },
  ],
  nav: [],
}

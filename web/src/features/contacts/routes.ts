import type { Feature } from '@/shared/navigation'

export const feature: Feature = {
  routes: [
    {
      path: '/contacts',
      name: 'contacts',
      component: () => import('./pages/ContactsPage.vue'),
      meta: { title: 'contacts.title' },
    },
    {
      path: '/answer/:pageId',
      name: 'answer',
      component: () => import('./pages/AnswerPage.vue'),
      meta: { title: 'alerts.incoming', bare: true },
    },
    {
      path: '/a/:token',
      name: 'answer-link',
      component: () => import('./pages/LinkPage.vue'),
      // The message is the login: no session is asked for, and no menu leads here.
      meta: { title: 'alerts.incoming', open: true, bare: true },
    },
  ],
  // One comes here from 值班 and from the person's own menu.
  nav: [],
}

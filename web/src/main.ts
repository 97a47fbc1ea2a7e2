import { createPinia } from 'pinia'
import { createApp } from 'vue'

import { api } from '@/api/client'
import { i18n, setLanguage, storedLanguage } from '@/shared/i18n'
import { forgetPeople } from '@/shared/phones/held'
import { useSession } from '@/shared/session'
import { applyTheme } from '@/shared/theme'

import 'element-plus/theme-chalk/dark/css-vars.css'

import App from './app/App.vue'
import { reportError } from './app/errors'
import { askForMissingParts } from './app/missingParts'
import { makeRouter } from './app/router'
import './app/theme.css'

applyTheme()
const app = createApp(App)
app.use(createPinia())
app.use(i18n)
const router = makeRouter()
askForMissingParts(router, reportError)
app.use(router)
app.config.errorHandler = reportError
window.addEventListener('unhandledrejection', (event) => reportError(event.reason))

api.onUnauthorised = () => {
  void forgetPeople()
  const session = useSession()
  if (!session.signedIn) return
  session.forget()
  const here = router.currentRoute.value
  if (here.name !== 'login') void router.push({ name: 'login', query: { next: here.fullPath, expired: '1' } })
}

void setLanguage(storedLanguage()).then(() => app.mount('#app'))

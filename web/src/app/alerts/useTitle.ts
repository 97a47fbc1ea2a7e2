/** The tab's title: page name, and in front the number of pages that still call. */
import { watchEffect } from 'vue'
import { useRoute } from 'vue-router'

import { useAlerts } from '@/shared/alerts/store'
import { useLang } from '@/shared/i18n'

export function useTitle(): void {
  const route = useRoute()
  const alerts = useAlerts()
  const { t } = useLang()
  watchEffect(() => {
    const calls = alerts.open.length
    const page = route.meta.title === undefined ? '' : `${t(route.meta.title)} · `
    document.title = `${calls > 0 ? `(${calls}) ☎ ` : ''}${page}${t('common.product')}`
  })
}

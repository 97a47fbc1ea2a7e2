/** Languages: Chinese is built in, English is loaded when chosen; keys are tested to be equal. */
import { type Ref, computed } from 'vue'
import { createI18n, useI18n } from 'vue-i18n'

import type { Lang } from '@/api/problem'

type Messages = Record<string, Record<string, unknown>>

const chinese = import.meta.glob<Record<string, unknown>>('../locales/zh-CN/*.json', {
  eager: true,
  import: 'default',
})
const english = () => import('@/locales/en')

const STORAGE_KEY = 'ys.lang'

export const i18n = createI18n({
  legacy: false,
  locale: 'zh-CN' as Lang,
  fallbackLocale: 'zh-CN',
  messages: { 'zh-CN': named(chinese), en: {} },
  missingWarn: import.meta.env.DEV,
  fallbackWarn: false,
})

/** { 'path/login.json': {...} } → { login: {...} } */
export function named(files: Record<string, Record<string, unknown>>): Messages {
  return Object.fromEntries(
    Object.entries(files).map(([path, messages]) => [path.replace(/^.*\/|\.json$/g, ''), messages]),
  )
}

export async function setLanguage(lang: Lang): Promise<void> {
  if (lang === 'en') i18n.global.setLocaleMessage('en', (await english()).default as never)
  i18n.global.locale.value = lang
  document.documentElement.lang = lang
  localStorage.setItem(STORAGE_KEY, lang)
}

export function storedLanguage(): Lang {
  return localStorage.getItem(STORAGE_KEY) === 'en' ? 'en' : 'zh-CN'
}

export interface UseLang {
  t: (key: string, named?: Record<string, unknown>) => string
  /** The words for a key built from a code, or the code itself when there are none yet. */
  word: (key: string, code: string) => string
  lang: Ref<Lang>
}

/** `t` and the current language, as every component needs both. */
export function useLang(): UseLang {
  const { t, te, locale } = useI18n()
  return {
    t: (key, values) => (values === undefined ? t(key) : t(key, values)),
    word: (key, code) => (te(key) ? t(key) : code),
    lang: computed(() => locale.value as Lang),
  }
}

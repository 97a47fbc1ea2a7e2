/** Light or dark: the reader's choice on this device, else the system's. */
export type Theme = 'light' | 'dark' | 'system'

const STORAGE_KEY = 'ys.theme'
const dark = (): MediaQueryList => window.matchMedia('(prefers-color-scheme: dark)')

export function storedTheme(): Theme {
  const stored = localStorage.getItem(STORAGE_KEY)
  return stored === 'light' || stored === 'dark' ? stored : 'system'
}

export function applyTheme(): void {
  const theme = storedTheme()
  const isDark = theme === 'dark' || (theme === 'system' && dark().matches)
  document.documentElement.classList.toggle('dark', isDark)
  window.dispatchEvent(new Event('ys-theme'))
}

export function setTheme(theme: Theme): void {
  localStorage.setItem(STORAGE_KEY, theme)
  applyTheme()
}

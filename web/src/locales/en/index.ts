import { named } from '@/shared/i18n'

export default named(
  import.meta.glob<Record<string, unknown>>('./*.json', { eager: true, import: 'default' }),
)

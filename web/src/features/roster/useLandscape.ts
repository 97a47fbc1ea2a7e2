/** Paper lies across while this page is open; other pages print upright. */
import { onMounted, onUnmounted } from 'vue'

export function useLandscape(): void {
  const sheet = document.createElement('style')
  sheet.textContent = '@media print { @page { size: a4 landscape; margin: 8mm 10mm; } }'
  onMounted(() => document.head.append(sheet))
  onUnmounted(() => sheet.remove())
}

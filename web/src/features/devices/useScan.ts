/** Reads a code with the telephone's camera, where the browser can; else there is no button for it. */
import { onScopeDispose, ref } from 'vue'

interface Detector {
  detect(source: HTMLVideoElement): Promise<{ rawValue: string }[]>
}

declare global {
  interface Window {
    BarcodeDetector?: new (options?: { formats: string[] }) => Detector
  }
}

const FORMATS = ['qr_code', 'code_128', 'code_39', 'data_matrix']
const LOOK_EVERY_MS = 250

export function canScan(): boolean {
  return window.BarcodeDetector !== undefined && navigator.mediaDevices !== undefined
}

export function useScan(found: (code: string) => void) {
  const running = ref(false)
  const failed = ref(false)
  let stream: MediaStream | null = null
  let timer: ReturnType<typeof setTimeout> | null = null

  function stop(): void {
    running.value = false
    if (timer !== null) clearTimeout(timer)
    for (const track of stream?.getTracks() ?? []) track.stop()
    stream = null
  }

  async function start(video: HTMLVideoElement): Promise<void> {
    const Reader = window.BarcodeDetector
    if (Reader === undefined) return
    failed.value = false
    running.value = true
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } })
      video.srcObject = stream
      await video.play()
      void look(new Reader({ formats: FORMATS }), video)
    } catch {
      failed.value = true
      stop()
    }
  }

  async function look(reader: Detector, video: HTMLVideoElement): Promise<void> {
    if (!running.value) return
    const [first] = await reader.detect(video).catch(() => [])
    if (!running.value) return
    if (first !== undefined && first.rawValue !== '') {
      stop()
      found(first.rawValue)
      return
    }
    timer = setTimeout(() => void look(reader, video), LOOK_EVERY_MS)
  }

  onScopeDispose(stop)
  return { running, failed, start, stop }
}

/** One frame of a track or of a drawing, at its own resolution, as PNG. */

const WAIT_MS = 3_000

/** Null where the track gives no picture. */
export async function frameOf(track: MediaStreamTrack): Promise<Blob | null> {
  const video = document.createElement('video')
  video.muted = true
  video.playsInline = true
  video.srcObject = new MediaStream([track])
  try {
    await withinTime(video.play())
    if (video.videoWidth === 0) await withinTime(new Promise((ready) => video.addEventListener('resize', ready, { once: true })))
    return await drawn(video.videoWidth, video.videoHeight, [video])
  } catch {
    return null
  } finally {
    video.srcObject = null
  }
}

/** Sheets that lie on each other, the lowest first, on white. */
export async function sheetsOf(element: Element): Promise<Blob | null> {
  const sheets = [...element.querySelectorAll('canvas')]
  const first = sheets[0]
  return first ? drawn(first.width, first.height, sheets) : null
}

async function drawn(width: number, height: number, layers: CanvasImageSource[]): Promise<Blob | null> {
  const canvas = document.createElement('canvas')
  canvas.width = width
  canvas.height = height
  const pen = canvas.getContext('2d')
  if (!pen || width === 0 || height === 0) return null
  pen.fillStyle = '#fff'
  pen.fillRect(0, 0, width, height)
  for (const layer of layers) pen.drawImage(layer, 0, 0, width, height)
  return new Promise((done) => canvas.toBlob(done, 'image/png'))
}

function withinTime<T>(work: Promise<T>): Promise<T> {
  return Promise.race([work, new Promise<T>((_, late) => setTimeout(() => late(new Error('late')), WAIT_MS))])
}

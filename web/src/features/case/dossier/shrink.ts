/** A photograph as it travels: upright, no larger than a page needs, without place and device. */

const LONGEST = 2200
const QUALITY = 0.85
const SMALL = 400_000

/** The original when it is small already, no picture, or this browser cannot read it. */
export async function shrink(file: Blob): Promise<Blob> {
  if (!file.type.startsWith('image/') || file.size <= SMALL) return file
  try {
    const picture = await createImageBitmap(file, { imageOrientation: 'from-image' })
    const scale = Math.min(1, LONGEST / Math.max(picture.width, picture.height))
    const canvas = document.createElement('canvas')
    canvas.width = Math.round(picture.width * scale)
    canvas.height = Math.round(picture.height * scale)
    canvas.getContext('2d')?.drawImage(picture, 0, 0, canvas.width, canvas.height)
    picture.close()
    const smaller = await new Promise<Blob | null>((done) => canvas.toBlob(done, 'image/jpeg', QUALITY))
    return smaller !== null && smaller.size < file.size ? smaller : file
  } catch {
    return file
  }
}

/** How long a file that is being saved is kept: some browsers read it only after the press. */
const KEPT_MS = 60_000

/** Give the user a file under this name, as a press on a link would. */
export function saveAs(file: Blob, name: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(file)
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), KEPT_MS)
}
